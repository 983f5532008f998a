import { createHash, randomUUID } from 'node:crypto';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import {
  newScript,
  person,
  SpecTime,
  TaskHarness,
  taskMigrations,
} from '../client-tasks/client-task.fixture.js';

const anna = person('anna');
const bert = person('bert');

/** One suite for every database: what scripts are, and who decides on them. */
describeOnEachDatabase('scripts', { migrations: taskMigrations }, (open) => {
  let db: Database;
  let time: SpecTime;
  let site: TaskHarness;
  beforeEach(async () => {
    db = await open();
    time = new SpecTime();
    site = new TaskHarness(db, time);
  });

  it('wait when they are made, with the hash of their text, which is sealed', async () => {
    const text = '#!/bin/zsh\n# canary-4711 äöü 😀\n';
    const made = await site.create(anna, newScript(text));
    expect(made).toMatchObject({
      approvalState: 'waiting',
      scriptVersion: 1,
      version: 1,
      author: 'anna',
      approver: null,
      length: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
    });
    expect(await site.rooms.scripts.text(made.id)).toMatchObject({ text, sha256: made.sha256 });
    const rows = await db.query('SELECT * FROM {script_version}');
    expect(JSON.stringify(rows)).not.toContain('canary');
    expect(await site.rooms.scripts.list({ limit: 10, filter: "approvalState eq 'waiting'" })).toEqual({
      items: [made],
    });
  });

  it('are approved by a second person only: no other token, maker, service or new account', async () => {
    const { id } = await site.create(person('anna', { madeBy: 'dora' }));
    const attacks: [ReturnType<typeof person>, string][] = [
      [person('anna', { credentialId: 'another token' }), 'ESP_SCRIPT_OWN'],
      [person('dora'), 'ESP_SCRIPT_OWN'],
      [person('emil', { madeBy: 'anna' }), 'ESP_SCRIPT_OWN'],
      [person('service'), 'ESP_APPROVAL_NOT_A_PERSON'],
      [person('newcomer'), 'ESP_APPROVAL_TOO_NEW'],
    ];
    for (const [by, code] of attacks)
      for (const decision of ['approved', 'denied'] as const)
        await expect(site.decide(id, decision, by)).rejects.toMatchObject({ code });
    expect(await site.rooms.scripts.get(id)).toMatchObject({ approvalState: 'waiting', version: 1 });
    const approved = await site.decide(id, 'approved', bert);
    expect(approved).toMatchObject({
      approvalState: 'approved',
      approver: 'bert',
      decidedAt: time.at,
      version: 2,
    });
    expect(await site.decide(id, 'approved', bert)).toEqual(approved);
  });

  it('of an account that was taken over a moment ago are approved by nobody yet', async () => {
    const { id } = await site.create(person('new-anna'));
    await expect(site.decide(id, 'approved', bert)).rejects.toMatchObject({
      code: 'ESP_APPROVAL_REQUESTER_TOO_NEW',
    });
  });

  it('are approved by their author where whoever runs the site has switched approvals off', async () => {
    const { id } = await new TaskHarness(db, time, 'off').create(anna);
    const approved = await new TaskHarness(db, time, 'off').decide(id, 'approved', anna);
    expect(approved.approvalState).toBe('approved');
  });

  it('wait again once their text, language or parameters change, and whoever changed them is the author', async () => {
    const { id } = await site.approved('echo one');
    const change = (body: object, by = bert, ifMatch?: string) =>
      site.rooms.scripts.change(id, body, ifMatch, by);
    expect(await change({ name: 'Renamed' })).toMatchObject({ scriptVersion: 1, approvalState: 'approved' });
    expect(await change({ text: 'echo one' })).toMatchObject({ scriptVersion: 1, version: 3 });
    const second = await change({ text: 'echo two' });
    expect(second).toMatchObject({
      scriptVersion: 2,
      approvalState: 'waiting',
      author: 'bert',
      approver: null,
      version: 4,
    });
    await expect(site.decide(id, 'approved', bert)).rejects.toMatchObject({ code: 'ESP_SCRIPT_OWN' });
    expect(await change({ language: 'python' })).toMatchObject({ scriptVersion: 3 });
    const parameters = [{ name: 'Who', description: '', isRequired: true, defaultValue: null }];
    expect(await change({ parameters })).toMatchObject({ scriptVersion: 4, parameters });
    await expect(change({ text: 'x' }, anna, '"1"')).rejects.toMatchObject({
      code: 'ESP_SITE_CHANGED_MEANWHILE',
    });
  });

  it('that were changed since somebody read them are not what they decide on', async () => {
    const { id } = await site.create(anna);
    await site.rooms.scripts.change(id, { text: 'rm -rf /' }, undefined, anna);
    await expect(site.decide(id, 'approved', bert, '"1"')).rejects.toMatchObject({
      code: 'ESP_SITE_CHANGED_MEANWHILE',
    });
    expect((await site.decide(id, 'approved', bert, '"2"')).approvalState).toBe('approved');
  });

  it('that were changed are not approved by who does not say which version they mean', async () => {
    const { id } = await site.create(anna);
    const { version } = await site.rooms.scripts.change(id, { text: 'rm -rf /' }, undefined, anna);
    await expect(site.decide(id, 'approved', bert)).rejects.toMatchObject({
      code: 'ESP_SCRIPT_VERSION_UNNAMED',
      status: 428,
    });
    expect(await site.rooms.scripts.get(id)).toMatchObject({ approvalState: 'waiting', version });
    expect((await site.decide(id, 'denied', bert)).approvalState).toBe('denied');
    expect((await site.decide(id, 'approved', bert, `"${version + 1}"`)).approvalState).toBe('approved');
  });

  it('that were deleted and made again under their id are not what somebody read', async () => {
    const id = randomUUID();
    const read = await site.create(anna, newScript('echo harmless'), id);
    await site.rooms.scripts.delete(id, undefined);
    await site.create(anna, newScript('rm -rf /'), id);
    await expect(site.decide(id, 'approved', bert, `"${read.version}"`)).rejects.toMatchObject({
      code: 'ESP_SITE_CHANGED_MEANWHILE',
    });
  });

  it('keep the id that somebody chose, once', async () => {
    const id = randomUUID();
    expect((await site.create(anna, newScript(), id)).id).toBe(id);
    await expect(site.create(anna, newScript(), id)).rejects.toMatchObject({ code: 'ESP_SCRIPT_EXISTS' });
  });

  it('are gone when they are deleted', async () => {
    const { id } = await site.approved();
    await expect(site.rooms.scripts.delete(id, '"1"')).rejects.toMatchObject({
      code: 'ESP_SITE_CHANGED_MEANWHILE',
    });
    await site.rooms.scripts.delete(id, '"2"');
    await expect(site.rooms.scripts.get(id)).rejects.toMatchObject({ code: 'ESP_SCRIPT_UNKNOWN' });
    expect(await db.query('SELECT id FROM {script_version}')).toEqual([]);
    await expect(site.decide(id, 'approved', bert)).rejects.toMatchObject({ code: 'ESP_SCRIPT_UNKNOWN' });
  });
});
