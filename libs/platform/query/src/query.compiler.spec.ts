import { expectMssqlStatements } from '@espalier/testing';
import { bindWql, parseWql } from '@espalier/wql';
import { compileQuery, type QueryOptions } from './query.compiler.js';
import { NOW, ruleModel } from './spec/site.fixture.js';

const SOFTWARE = 'SMS_G_System_INSTALLED_SOFTWARE';
const JOIN = `join ${SOFTWARE} as s on s.ResourceId = SMS_R_System.ResourceId`;

const typed = (rest: string): ReturnType<typeof bindWql> =>
  bindWql(parseWql(`select * from SMS_R_System ${rest}`), ruleModel);
const compile = (rest: string, options: Partial<QueryOptions> = {}): ReturnType<typeof compileQuery> =>
  compileQuery(typed(rest), 'postgres', { now: NOW, ...options });

describe('compiled queries', () => {
  it('hold no value of the query in their text', () => {
    const { sql, params } = compile(
      `${JOIN} where SMS_R_System.Name = "canary" and s.ProductName like "%canar[y]" and s.Size in (424242)
       and DateDiff(day, s.InstallDate, GetDate()) > 424242 and s.InstallDate > "2042-04-24"`,
      { restrict: { ids: [424_242] } },
    );
    expect(sql).not.toMatch(/canar|42/);
    expect(Object.values(params)).toEqual(expect.arrayContaining(['canary', 424_242, '{424242}']));
  });

  it('look into classes with several rows instead of joining them, together where a condition names both', () => {
    const { sql } = compile(
      `${JOIN} join ${SOFTWARE} as u on u.ResourceId = SMS_R_System.ResourceId
       join SMS_G_System_NETWORK_ADAPTER as n on n.ResourceId = s.ResourceId
       where s.Size > u.Size and n.Speed = 1 and SMS_R_System.Active = 1`,
    );
    expect(sql).not.toContain('DISTINCT');
    expect(sql.match(/EXISTS/g)).toHaveLength(2);
    expect(sql).toMatch(/EXISTS \(SELECT 1 FROM \{software\} AS qt2 INNER JOIN \{software\} AS qt3/);
    expect(compile(`left ${JOIN}`).sql).toContain('SELECT DISTINCT');
  });

  it('look into arrays, each once, and join them only where a resource without elements may fit', () => {
    const { sql } = compile('where MACAddresses like "02:%" and Speeds > 1 and AgentName = "a"');
    expect(sql).not.toMatch(/JOIN|DISTINCT/);
    expect(sql.match(/EXISTS/g)).toHaveLength(2);
    expect(compile('where Name = "a" or MACAddresses = "b"').sql).toMatch(/DISTINCT.*LEFT JOIN \{adapter\}/);
    expect(compile('where MACAddresses is null').sql).toContain('LEFT JOIN {adapter}');
    expect(compile('where not (Name = "a" and MACAddresses is null)').sql).toContain('LEFT JOIN {adapter}');
    expect(compile('where not (Name = "a" or MACAddresses is null)').sql).not.toContain('JOIN');
  });

  it('need no column for names that hold nothing', () => {
    const { sql } = compile('where SystemOUName = "a" or Name = SystemOUName or WipeStatus is null');
    expect(sql).not.toContain('none');
  });

  it('read a range of each class, but not where a subquery may select other resources', () => {
    const restrict = { from: 1, to: 2 };
    const inside = `where ResourceId in (select ResourceId from ${SOFTWARE})`;
    expect(compile(inside, { restrict }).sql.match(/BETWEEN/g)).toHaveLength(2);
    const across = `where Name in (select ProductName from ${SOFTWARE})`;
    expect(compile(across, { restrict }).sql.match(/BETWEEN/g)).toHaveLength(1);
  });

  it('solve date differences for the column, so that an index serves them', () => {
    const { sql, params } = compile('where DateDiff(month, LastLogonTimestamp, GetDate()) >= 3');
    expect(sql).toMatch(/WHERE qt1\."last_logon_at" < CAST\(:q0 AS bigint\)$/);
    expect(params).toEqual({ q0: Date.UTC(2026, 8, 1) });
  });

  it('are statements of SQL Server', async () => {
    const rules = [
      '',
      `${JOIN} where s.ProductName like "50[%]%[^-a-f_]" and not (s.Size = 1 or SMS_R_System.Name is null)`,
      `left ${JOIN} where s.ResourceId is null and SMS_R_System.ResourceId not in (select ResourceId from ${SOFTWARE} where Removed = 0)`,
      'where DateDiff(week, CreationDate, LastLogonTimestamp) = 1 and LastLogonTimestamp > DateAdd(day, -7, GetDate())',
      'where MACAddresses not like "02:%" and (AgentName is null or AgentTime < GetDate())',
      'where SystemOUName like "a%" or WipeStatus is null or DateDiff(day, ExpiryTime, CreationDate) = 1',
    ];
    await expectMssqlStatements(
      async (on) => {
        for (const rule of rules) {
          const { sql, params } = compileQuery(typed(rule), 'mssql', {
            now: NOW,
            restrict: { from: 1, to: 9 },
          });
          await on.query(sql, params);
        }
      },
      { spec: import.meta.url, file: 'query.mssql.sql', schema: 'site' },
    );
  });
});
