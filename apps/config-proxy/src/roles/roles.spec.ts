import { readFileSync, writeFileSync } from 'node:fs';
import { allApiScopes, roleIds } from '@espalier/contracts';
import { findRole, roles } from './role.catalogue.js';

const PAGE = new URL('../../../../docs/roles.md', import.meta.url);
const HEAD = /\| Role +\| May +\|\n\| -+ \| -+ \|\n(?:\|.*\|\n)*/;

/** As Prettier lays it out. */
function table(rows: readonly (readonly [string, string])[]): string {
  const [left, right] = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (a: string, b: string, fill = ' '): string =>
    `| ${a.padEnd(left ?? 0, fill)} | ${b.padEnd(right ?? 0, fill)} |`;
  const [head = ['', ''], ...body] = rows;
  return `${[line(...head), line('', '', '-'), ...body.map((row) => line(...row))].join('\n')}\n`;
}

describe('roles', () => {
  it('stand in docs/roles.md as they are; UPDATE_GOLDEN=1 writes them anew', () => {
    const rows = roles.map(({ name, description, scopes }): [string, string] => [
      name,
      `${description} ${scopes.length === allApiScopes.length ? '' : scopes.map((scope) => `\`${scope}\``).join(', ')}`.trim(),
    ]);
    const expected = table([['Role', 'May'], ...rows]);
    const page = readFileSync(PAGE, 'utf8');
    if (process.env['UPDATE_GOLDEN'] === '1')
      writeFileSync(
        PAGE,
        page.replace(HEAD, () => expected),
      );
    else expect(HEAD.exec(page)?.[0]).toBe(expected);
  });

  it('are those that the contract names, each scope in some role besides the one that has all', () => {
    expect(roles.map(({ id }) => id)).toEqual([...roleIds]);
    const [full, ...others] = roles;
    expect(full?.scopes).toEqual(allApiScopes);
    expect(allApiScopes.filter((scope) => !others.some((role) => role.scopes.includes(scope)))).toEqual([]);
    expect(findRole('nobody')).toBeUndefined();
  });

  it('that only look change nothing, and those that work with devices decide over nobody', () => {
    const changing = /:(write|push|destructive|decide)$|^administrators:|^secrets:/;
    for (const id of ['read-only-analyst', 'auditor'])
      expect(findRole(id)?.scopes.filter((scope) => changing.test(scope))).toEqual([]);
    for (const { id, scopes } of roles)
      expect([id, scopes.includes('administrators:admin')]).toEqual([
        id,
        ['full-administrator', 'security-administrator'].includes(id),
      ]);
  });
});
