import { readFileSync } from 'node:fs';
import type { RoleId } from '@espalier/contracts';
import type { SpecAdministrator } from '../reach.fixture.js';
import { roles } from '../roles/role.catalogue.js';
import { ThiefHarness } from './thief.fixture.js';
import { codeFor, limitedOutcome, outcomeFor } from './wish.fixture.js';
import { promised, wishes } from './wishes.fixture.js';

/**
 * What docs/security.md promises of a stolen token, with the settings that ship: each cell of its table is tried over
 * HTTP, by a token and an account that are older than a day. The clock is moved; nobody waits.
 */
describe('a stolen token', () => {
  let thieves: ThiefHarness;
  let limited: SpecAdministrator;
  const owners = new Map<RoleId, SpecAdministrator>();
  beforeAll(async () => {
    thieves = await ThiefHarness.start();
    limited = await thieves.hire('limited', 'full-administrator', thieves.site.inside.root);
    for (const { id } of roles) owners.set(id, await thieves.hire(id, id));
    await thieves.prepare();
    thieves.rest();
  }, 120_000);
  afterAll(() => thieves.stop());

  const ownerOf = (id: RoleId): SpecAdministrator => {
    const owner = owners.get(id);
    if (owner === undefined) throw new Error(`nobody is ${id}`);
    return owner;
  };
  const named = roles.map(({ id, name }) => [name, id] as const);
  /** Its code, and nothing but a record of it. */
  const nothingBut = (owner: SpecAdministrator, code: string) => ({
    code,
    changed: [],
    record: { outcome: 'refused', by: owner.id, code },
  });

  it('is described by docs/security.md as it is tried here', () => {
    const page = readFileSync(new URL('../../../../docs/security.md', import.meta.url), 'utf8');
    const cells = (line: string): string[] =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
    const [text = ''] = /^\| a thief wants to[^]*?\n\n/m.exec(page) ?? [];
    const [head, _rule, ...lines] = text.trim().split('\n').map(cells);
    expect([head, ...lines]).toEqual(promised);
  });

  it.each(named)(
    '%s: what is refused leaves no trace but a record',
    async (_name, id) => {
      const owner = ownerOf(id);
      for (const wish of wishes.filter((each) => outcomeFor(each, id) === 'no')) {
        const code = codeFor(wish, id);
        const left = await thieves.refusal(owner, wish, code);
        expect([wish.says, left]).toEqual([wish.says, nothingBut(owner, code)]);
      }
    },
    120_000,
  );

  it('of somebody limited to a collection: what is not for them is refused, and what is elsewhere does not exist', async () => {
    const { inside, outside } = thieves.site;
    const refusals = wishes.flatMap((wish) => [
      ...(wish.limited === undefined ? [] : [{ wish, code: wish.limited, side: inside }]),
      ...(wish.elsewhere === undefined ? [] : [{ wish, code: wish.elsewhere, side: outside }]),
    ]);
    for (const { wish, code, side } of refusals) {
      const { record, ...left } = await thieves.refusal(limited, wish, code, side);
      const expected = nothingBut(limited, code);
      expect([wish.says, left]).toEqual([wish.says, { code, changed: [] }]);
      expect([wish.says, record ?? expected.record]).toEqual([wish.says, expected.record]);
    }
  }, 120_000);

  it.each(named)(
    '%s: what can be done is done, up to its number',
    async (_name, id) => {
      for (const wish of wishes) {
        const expected = outcomeFor(wish, id);
        if (expected === 'no') continue;
        const outcome = await thieves.outcome(ownerOf(id), wish, expected);
        expect([wish.says, outcome]).toEqual([wish.says, expected]);
      }
    },
    120_000,
  );

  it('of somebody limited to a collection does the same there', async () => {
    for (const wish of wishes) {
      const expected = limitedOutcome(wish);
      if (expected === 'no') continue;
      const outcome = await thieves.outcome(limited, wish, expected);
      expect([wish.says, outcome]).toEqual([wish.says, expected]);
    }
  }, 120_000);
});
