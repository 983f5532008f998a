import { compareScopes, scopeTag, type correctScopes } from '@espalier/contracts';
import type { Messaging } from '@espalier/messaging';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import type { z } from 'zod';
import { mdmPolicyMigrations } from '../migrations/index.js';
import { ScopeStore } from '../scopes/scope.store.js';
import { logger } from '../spec/bus.fixture.js';
import { StaleScopes } from './stale-scopes.js';

type Compared = z.output<typeof compareScopes.request>;
type Corrected = z.output<typeof correctScopes.request>;

const COLLECTION = 'ESP00001';
const T = 1_000_000;

/** How enrolments are gone through, lap after lap; that what differs is put right is in mdm-policy.healing.spec. */
describeOnEachDatabase('the search for stale scopes', { migrations: mdmPolicyMigrations }, (open) => {
  const scopes = new ScopeStore();
  let db: Database;
  let asked: Compared[];
  let corrected: Corrected[];
  /** What config-proxy says of a page. */
  let answer: (page: Compared) => z.output<typeof compareScopes.response>;
  const allRight = (): ReturnType<typeof answer> => ({ differing: [], through: null });

  beforeEach(async () => {
    db = await open();
    [asked, corrected, answer] = [[], [], allRight];
  });

  const members = (ids: readonly string[], version = 3): Promise<void> =>
    db.transaction(async (tx) => {
      await scopes.lock(tx, [COLLECTION], T);
      const rows = ids.map((enrollment_id) => ({ enrollment_id, version, is_member: 1, since: T }));
      await scopes.saveMembers(tx, COLLECTION, rows);
    });
  const search = (): StaleScopes => {
    const call = (rpc: unknown, request: Compared | Corrected): Promise<unknown> => {
      if (rpc === compareScopes) {
        asked.push(request as Compared);
        return Promise.resolve(answer(request as Compared));
      }
      corrected.push(request as Corrected);
      return Promise.resolve({ corrected: (request as Corrected).enrollments.length });
    };
    const messaging = { call } as unknown as Pick<Messaging, 'call'>;
    return new StaleScopes({ db, messaging, scopes, logger, pageSize: 2 });
  };
  const find = (stale: StaleScopes): Promise<void> => stale.find(new AbortController().signal);
  const ranges = (): unknown[] =>
    asked
      .splice(0)
      .map(({ after, through, enrollments }) => [after, through, enrollments.map(({ id }) => id)]);

  it('asks of every range of ids once, the open end included, and corrects nothing where all is right', async () => {
    await members(['A', 'B', 'C', 'D', 'E']);
    await find(search());
    expect(asked[0]?.enrollments).toEqual(['A', 'B'].map((id) => ({ id, digest: scopeTag(COLLECTION) })));
    expect(ranges()).toEqual([
      ['', 'B', ['A', 'B']],
      ['B', 'D', ['C', 'D']],
      ['D', null, ['E']],
    ]);
    expect(corrected).toEqual([]);
  });

  it('goes on where config-proxy stopped within a range', async () => {
    await members(['M', 'N', 'O']);
    answer = ({ after }) => ({ differing: [], through: after === '' ? 'C' : null });
    await find(search());
    expect(ranges()).toEqual([
      ['', 'N', ['M', 'N']],
      ['C', 'N', ['M', 'N']],
      ['N', null, ['O']],
    ]);
  });

  it('looks at twenty pages in a round, and at the others in the next ones before it begins anew', async () => {
    await members(Array.from({ length: 45 }, (_, n) => `E${String(n).padStart(2, '0')}`));
    const stale = search();
    await find(stale);
    expect(ranges()).toHaveLength(20);
    await find(stale);
    expect(ranges()).toEqual([
      ['E39', 'E41', ['E40', 'E41']],
      ['E41', 'E43', ['E42', 'E43']],
      ['E43', null, ['E44']],
    ]);
    await find(stale);
    expect(ranges()[0]).toEqual(['', 'E01', ['E00', 'E01']]);
  });

  it('says what it has by then of those that differ, and looks at the page again where that fails', async () => {
    await members(['A', 'B', 'C']);
    const stale = search();
    answer = () => {
      throw new Error('config-proxy is away');
    };
    await expect(find(stale)).rejects.toThrow('away');
    answer = ({ after }) => ({ differing: after === '' ? ['A', 'AA'] : [], through: null });
    await find(stale);
    expect(ranges().map((range) => (range as unknown[])[0])).toEqual(['', '', 'B']);
    expect(corrected).toEqual([
      {
        enrollments: [
          { id: 'A', collectionIds: [COLLECTION] },
          { id: 'AA', collectionIds: [] },
        ],
        version: 3,
      },
    ]);
  });
});
