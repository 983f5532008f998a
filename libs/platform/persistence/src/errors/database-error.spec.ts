import { isEspalierError } from '@espalier/contracts';
import { QueryFailedError } from 'typeorm';
import {
  type DatabaseError,
  fromCallback,
  isUnavailable,
  isUniqueViolation,
  toDatabaseError,
} from './database-error.js';

const mssqlError = (fields: object, message = 'failed'): Error =>
  Object.assign(new Error(message), { name: 'RequestError', code: 'EREQUEST' }, fields);

describe('toDatabaseError', () => {
  it.each([
    [2601, 'unique'],
    [2627, 'unique'],
    [547, 'foreign-key'],
    [515, 'not-null'],
    [1205, 'conflict'],
    [3960, 'conflict'],
    [207, 'other'],
  ])('knows SQL Server error %d as %s', (number, kind) => {
    expect(toDatabaseError('mssql', mssqlError({ number }))).toMatchObject({ kind, sqlCode: String(number) });
  });

  it.each(['ESOCKET', 'ETIMEOUT', 'ECONNCLOSED', 'ELOGIN', 'ECONNREFUSED'])(
    'takes %s from SQL Server for an unreachable database',
    (code) => {
      expect(isUnavailable(toDatabaseError('mssql', mssqlError({ code })))).toBe(true);
    },
  );

  it('quotes neither the row nor the parameters, in message, cause or stack', () => {
    const inner = mssqlError(
      { number: 2601 },
      "Cannot insert duplicate key row in object 'mdm.t' with unique index 'ix'. The duplicate key value is (canary).",
    );
    const error = fromCallback('mssql', new QueryFailedError('INSERT', ['canary'], inner)) as DatabaseError;
    expect(isUniqueViolation(error)).toBe(true);
    const cause = error.cause as Error;
    expect(
      [error.message, error.stack, JSON.stringify(error), cause.message, cause.stack].join(),
    ).not.toContain('canary');
    expect(error.message).toContain("unique index 'ix'");
  });

  it('passes on the errors of a callback that are not the database’s', () => {
    const own = Object.assign(new Error('no such file'), { code: 'ENOENT' });
    expect(fromCallback('postgres', own)).toBe(own);
  });

  it('gives the same error when it meets its own result again', () => {
    const once = toDatabaseError('sqlite', Object.assign(new Error('busy'), { errcode: 5 }));
    expect(toDatabaseError('sqlite', once)).toBe(once);
    const gone = toDatabaseError('sqlite', Object.assign(new Error('disk I/O error'), { errcode: 10 }));
    expect(isEspalierError(toDatabaseError('sqlite', gone))).toBe(true);
  });
});
