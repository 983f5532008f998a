import { scopeTag, windowsTag } from '@espalier/contracts';
import { describeOnEachDatabase } from '@espalier/testing';
import {
  anyVersion,
  asker,
  byName,
  CollectionHarness,
  collectionMigrations,
  DEVICE,
  USER,
} from '../collections/collection.fixture.js';
import { EvaluationLock } from '../collections/evaluation-lock.js';
import { ScopeComparisonService } from './scope-comparison.service.js';
import { ScopeStore } from './scope.store.js';

/** What the policy is told of members and windows: read from the outbox, newest event first, as a worst case. */
describeOnEachDatabase('scope', { migrations: collectionMigrations }, (open) => {
  let harness: CollectionHarness;
  beforeEach(async () => {
    harness = new CollectionHarness(await open());
    await harness.seed();
    await harness.settle();
  });

  const enrolled = async (count: number, first = 0): Promise<void> => {
    await harness.addDevices(
      ...Array.from({ length: count }, (_, n) => ({ id: DEVICE + first + n, name: `lab-${first + n}` })),
    );
    for (let n = first; n < first + count; n += 1) await harness.enroll(`E${n}`, DEVICE + n);
    await harness.settle();
  };
  const track = (id: string) => harness.db.transaction((tx) => harness.rooms.scope.track(tx, id));
  const untrack = (id: string) => harness.db.transaction((tx) => harness.rooms.scope.untrack(tx, id));
  const lab = () => harness.make('Lab', { rules: [byName('lab-%')] });
  const night = {
    name: 'Nights',
    enabled: true,
    type: 'general',
    startAt: 1_800_000_000_000,
    durationMinutes: 60,
    localTime: false,
    recurrence: { kind: 'daily', every: 1 },
  } as const;

  it('tells nothing of collections that do not matter, all members once one does, and changes from then on', async () => {
    await enrolled(4);
    const id = await lab();
    await harness.settle();
    expect(await harness.events('scope.members-changed')).toEqual([]);
    await track(id);
    await track(id);
    expect(harness.waiting).toHaveLength(1);
    await harness.settle();
    expect(await harness.told(id)).toEqual(['E0', 'E1', 'E2', 'E3']);
    await harness.change(DEVICE, { name: 'desk-0' });
    await enrolled(1, 7);
    expect(await harness.told(id)).toEqual(['E1', 'E2', 'E3', 'E7']);
  });

  it('follows enrolments: removed, new, moved to another device, and of devices that are obsolete', async () => {
    await enrolled(3);
    await harness.addDevices({ id: DEVICE + 9, name: 'desk-9' });
    const id = await lab();
    await harness.settle();
    await track(id);
    await harness.settle();
    await harness.enroll('E0', DEVICE, null, false);
    await harness.enroll('again', DEVICE);
    await harness.enroll('E1', DEVICE + 9);
    await harness.settle();
    expect(await harness.told(id)).toEqual(['E2', 'again']);
    await harness.change(DEVICE + 2, { state: 'obsolete' }, ['*']);
    await harness.settle();
    expect(await harness.told(id)).toEqual(['again']);
    // Merged into another record only after its old one had left everything.
    await harness.enroll('E2', DEVICE);
    await harness.settle();
    expect(await harness.told(id)).toEqual(['E2', 'again']);
  });

  it('tells of user collections by the channels of their users', async () => {
    await enrolled(2);
    await harness.addUsers(USER, USER + 1);
    await harness.enroll('E0:anna', DEVICE, USER);
    await harness.enroll('E1:anna', DEVICE + 1, USER);
    await harness.enroll('E1:bert', DEVICE + 1, USER + 1);
    const id = await harness.make('Annas', {
      kind: 'user',
      limitingId: 'SMS00002',
      directResourceIds: [USER],
    });
    await harness.settle();
    await track(id);
    await harness.settle();
    expect(await harness.told(id)).toEqual(['E0:anna', 'E1:anna']);
    // A user's channel is no member of a collection of devices.
    await track('SMS00001');
    await harness.settle();
    expect(await harness.told('SMS00001')).toEqual(['E0', 'E1']);
  });

  it('says that nothing is deployed any more, and tells of nobody afterwards', async () => {
    await enrolled(2);
    const id = await lab();
    await harness.settle();
    await track(id);
    await harness.settle();
    await untrack(id);
    const told = (await harness.events('scope.members-changed')).length;
    await harness.change(DEVICE, { name: 'desk-0' });
    await harness.settle();
    expect(await harness.events('scope.members-changed')).toHaveLength(told);
    const [dropped, ...more] = await harness.events<{ version: number }>('scope.dropped');
    expect(more).toEqual([]);
    await track(id);
    await harness.settle();
    const events = await harness.events<{ version: number; changes: unknown[] }>('scope.members-changed');
    expect(events.at(-1)?.changes).toEqual([{ enrollmentId: 'E1', member: true }]);
    expect(events.at(-1)?.version).toBeGreaterThan(dropped?.version ?? Infinity);
  });

  it('ends with who is a member, whoever joins and leaves while all members are being told', async () => {
    await enrolled(25);
    const id = await lab();
    await harness.settle();
    await track(id);
    const job = harness.waiting.shift();
    let steps = 0;
    await harness.runJob(job?.kind ?? '', job?.params, async () => {
      steps += 1;
      // One who was told of already, one whose turn comes, and one who is new.
      await harness.change(DEVICE + steps, { name: 'desk' });
      await harness.change(DEVICE + 24 - steps, { name: 'desk' });
      await harness.addDevices({ id: DEVICE + 500 + steps, name: 'lab-new' });
      await harness.enroll(`N${steps}`, DEVICE + 500 + steps);
      await harness.settle();
    });
    expect(steps).toBeGreaterThan(5);
    const members = await harness.members(id);
    expect(await harness.told(id)).toEqual(members.map((n) => (n >= 500 ? `N${n - 500}` : `E${n}`)).sort());
    expect(members.length).toBeGreaterThan(10);
  });

  it('does a step again after a crash without telling anything wrong', async () => {
    await enrolled(3);
    const id = await lab();
    await harness.settle();
    await track(id);
    const { kind = '', params } = harness.waiting.shift() ?? {};
    // The first run's position was never saved.
    await harness.runJob(kind, params);
    await harness.change(DEVICE, { name: 'desk-0' });
    await harness.settle();
    await harness.runJob(kind, params);
    expect(await harness.told(id)).toEqual(['E1', 'E2']);
  });

  it('tells everything again on request, of collections that matter only', async () => {
    await enrolled(2);
    const id = await lab();
    await harness.settle();
    const republish = (collectionIds: string[]) =>
      harness.rooms.republish({ collectionIds }, { signal: new AbortController().signal } as never);
    expect(await republish([id, 'XXX00000'])).toEqual({ accepted: [] });
    await track(id);
    await harness.settle();
    await harness.db.execute('DELETE FROM {outbox}');
    expect(await republish([id])).toEqual({ accepted: [id] });
    await harness.settle();
    expect(await harness.told(id)).toEqual(['E0', 'E1']);
    expect(await harness.events('scope.windows-changed')).toMatchObject([{ collectionId: id, windows: [] }]);
  });

  describe('compared with what the policy has', () => {
    interface Known {
      readonly id: string;
      readonly collectionIds: string[];
    }
    const digest = ({ id, collectionIds }: Known) => ({
      id,
      digest: collectionIds.reduce((sum, collection) => sum + scopeTag(collection), 0),
    });
    const compare = (known: readonly Known[], after = '', through: string | null = null) =>
      harness.rooms.comparison.compare({ after, through, enrollments: known.map(digest) });
    const correct = (enrollments: Known[], version = 0) =>
      harness.rooms.comparison.correct({ enrollments, version });

    it('finds who is said to be where they are not, and the other way round, in ranges of ids', async () => {
      await enrolled(6);
      const [id, untracked] = [await lab(), await harness.make('Other', { rules: [byName('lab-%')] })];
      await harness.settle();
      await track(id);
      await track('SMS00001');
      await harness.settle();
      const both = (n: number): Known => ({ id: `E${n}`, collectionIds: [id, 'SMS00001'] });
      const right = [0, 1, 2, 3, 4, 5].map(both);
      expect(await compare(right)).toEqual({ differing: [], through: null });
      expect(await compare(right.slice(2, 4), 'E1', 'E3')).toEqual({ differing: [], through: null });
      await harness.change(DEVICE + 1, { name: 'desk-1' });
      await harness.settle();
      const wrong = [
        both(0),
        both(1),
        { id: 'E2', collectionIds: [id] },
        { id: 'E3', collectionIds: [id, 'SMS00001', untracked] },
        { id: 'E4x', collectionIds: [id] },
        both(5),
      ];
      expect(await compare(wrong)).toEqual({ differing: ['E1', 'E2', 'E3', 'E4', 'E4x'], through: null });
      expect(await compare([], '', 'E0')).toEqual({ differing: ['E0'], through: null });
    });

    it('says how far it looked where there are more than it looks at for one question', async () => {
      await enrolled(9);
      await track('SMS00001');
      await harness.settle();
      const comparison = new ScopeComparisonService({
        db: harness.db,
        store: new ScopeStore(),
        scope: harness.rooms.scope,
        lock: new EvaluationLock(),
        pageSize: 4,
      });
      const first = await comparison.compare({ after: '', through: null, enrollments: [] });
      expect(first).toEqual({ differing: ['E0', 'E1', 'E2', 'E3'], through: 'E3' });
      const beyond = { id: 'E8', digest: scopeTag('SMS00001') };
      expect(await comparison.compare({ after: 'E3', through: null, enrollments: [beyond] })).toEqual({
        differing: ['E4', 'E5', 'E6', 'E7'],
        through: 'E7',
      });
      expect(await comparison.compare({ after: 'E7', through: null, enrollments: [beyond] })).toEqual({
        differing: [],
        through: null,
      });
    });

    it('tells exactly what differs, by versions above all that the policy has heard', async () => {
      await enrolled(3);
      const id = await lab();
      await harness.settle();
      await track(id);
      await harness.settle();
      const before = (await harness.events('scope.members-changed')).length;
      const right = { id: 'E2', collectionIds: [id] };
      expect(await correct([right])).toEqual({ corrected: 0 });
      expect(await harness.events('scope.members-changed')).toHaveLength(before);
      await harness.change(DEVICE, { name: 'desk-0' });
      await harness.settle();
      const asked = [{ id: 'E0', collectionIds: [id] }, { id: 'E1', collectionIds: [] }, right];
      expect(await correct(asked, 900)).toEqual({ corrected: 2 });
      const told = await harness.events<{ version: number; changes: unknown[] }>('scope.members-changed');
      expect(told.at(-1)).toMatchObject({
        collectionId: id,
        version: 901,
        changes: [
          { enrollmentId: 'E0', member: false },
          { enrollmentId: 'E1', member: true },
        ],
      });
      // What comes later has higher ones still.
      await harness.change(DEVICE, { name: 'lab-0' });
      await harness.settle();
      expect(await harness.told(id)).toEqual(['E0', 'E1', 'E2']);
    });

    it('says again that a collection is of no concern, also one that is gone, and goes on when it is again', async () => {
      await enrolled(1);
      const id = await lab();
      await harness.settle();
      await track(id);
      await harness.settle();
      await untrack(id);
      const stale = { id: 'E0', collectionIds: [id, 'ESP99999'] };
      expect(await correct([stale], 40)).toEqual({ corrected: 2 });
      const dropped = await harness.events<{ collectionId: string; version: number }>('scope.dropped');
      expect(dropped.slice(-2)).toMatchObject([
        { collectionId: id, version: 41 },
        { collectionId: 'ESP99999', version: 41 },
      ]);
      await track(id);
      await harness.settle();
      const [last] = (await harness.events<{ version: number }>('scope.members-changed')).slice(-1);
      expect(last?.version).toBeGreaterThan(41);
    });
  });

  it('tells of maintenance windows as they stand, and of the members of collections that have some', async () => {
    await enrolled(2);
    const id = await lab();
    await harness.settle();
    const { windows } = harness.rooms;
    const first = await windows.create(id, night, asker, 'key');
    expect((await windows.create(id, night, asker, 'key')).id).toBe(first.id);
    await harness.settle();
    expect(await harness.told(id)).toEqual(['E0', 'E1']);
    expect((await harness.rooms.collections.get(id)).windowCount).toBe(1);
    await windows.replace(id, first.id, { ...night, durationMinutes: 90 }, anyVersion);
    await track(id);
    await untrack(id);
    // Still told of, for its windows.
    expect(await harness.events('scope.dropped')).toEqual([]);
    await windows.remove(id, first.id, anyVersion);
    const told = await harness.events<{ version: number; windows: { durationMinutes: number }[] }>(
      'scope.windows-changed',
    );
    expect(told.map(({ windows: list }) => list.map(({ durationMinutes }) => durationMinutes))).toEqual([
      [60],
      [60],
      [90],
      [],
    ]);
    const versions = told.map(({ version }) => version);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(await harness.events('scope.dropped')).toHaveLength(1);
    await expect(windows.remove(id, first.id, anyVersion)).rejects.toMatchObject({
      code: 'ESP_COLLECTION_WINDOW_UNKNOWN',
    });
    await expect(windows.list('DEV99999')).rejects.toMatchObject({ code: 'ESP_COLLECTION_UNKNOWN' });
  });

  it('tells anew of windows of which the policy has others, by versions above what it has heard, and of no others', async () => {
    interface Told {
      readonly collectionId: string;
      readonly version: number;
      readonly windows: { readonly durationMinutes: number }[];
    }
    const { windows } = harness.rooms;
    const [changed, right, lost] = [await lab(), await harness.make('Other'), await harness.make('Third')];
    for (const id of [changed, right, lost]) await windows.create(id, night, asker, undefined);
    await windows.create(right, { ...night, name: 'Days' }, asker, undefined);
    const of = async (id: string) =>
      (await windows.list(id)).map(({ version: _version, ...window }) => window).toReversed();
    const had = { id: changed, digest: windowsTag(await of(changed)), version: 70 };
    const same = { id: right, digest: windowsTag(await of(right)), version: 3 };
    const gone = { id: 'ESP99999', digest: had.digest, version: 40 };
    await windows.replace(
      changed,
      (await windows.list(changed))[0]?.id ?? '',
      { ...night, durationMinutes: 90 },
      anyVersion,
    );
    const before = (await harness.events('scope.windows-changed')).length;
    const all = [had, same, gone];
    expect(await windows.correct({ after: '', through: null, collections: all })).toEqual({ corrected: 3 });
    const told = (await harness.events<Told>('scope.windows-changed')).slice(before);
    expect(told).toMatchObject([
      { collectionId: changed, version: 71, windows: [{ durationMinutes: 90 }] },
      { collectionId: lost, windows: [{ durationMinutes: 60 }] },
      { collectionId: 'ESP99999', version: 41, windows: [] },
    ]);
    // What is changed later has a higher version still.
    await windows.remove(changed, (await windows.list(changed))[0]?.id ?? '', anyVersion);
    const [last] = (await harness.events<Told>('scope.windows-changed')).slice(-1);
    expect(last?.version).toBeGreaterThan(71);
    // Only what is in the range is looked at.
    const none = { through: right, collections: [same] };
    expect(await windows.correct({ after: changed, ...none })).toEqual({ corrected: 0 });
  });

  it('is refused for a collection that does not exist; a collection that goes takes its windows along', async () => {
    await expect(track('DEV99999')).rejects.toMatchObject({ code: 'ESP_COLLECTION_UNKNOWN' });
    const id = await lab();
    await harness.rooms.windows.create(id, night, asker, undefined);
    await harness.settle();
    await harness.rooms.collections.delete(id, anyVersion);
    expect(await harness.events('scope.dropped')).toMatchObject([{ collectionId: id }]);
    await harness.settle();
  });
});
