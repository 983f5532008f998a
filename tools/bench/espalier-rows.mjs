import { fill, open, tidy } from './databases.mjs';

/**
 * A command that waits for one device.
 * @typedef {object} WaitingCommand
 * @property {string} udid
 * @property {string} uuid
 *
 * What both servers' databases can be filled with.
 * @typedef {object} Rows
 * @property {(commands: WaitingCommand[]) => Promise<void>} queueCommands in their order
 * @property {(udids: string[], perDevice: number) => Promise<void>} growHistories answered commands
 * @property {(udids: string[], count: number) => Promise<void>} growQueues waiting commands, spread over the devices
 * @property {(count: number) => Promise<void>} growFleet enrolled devices
 * @property {() => Promise<void>} close
 */

const NOW = '(extract(epoch FROM now()) * 1000)::bigint';
const DEVICE_COUNT = `FROM generate_series(1, :count::int) k, upper(md5('device' || k)) udid`;
const WAITING = { state: `'queued'`, is_open: '1', sent_at: 'NULL', completed_at: 'NULL', created_at: NOW };

/**
 * The rows of apps/mdm: copies of those that the service wrote itself, for a device that was enrolled and has answered
 * one command. So little here has to follow the schema. All entries of queues are of that one command.
 * @param {string} url
 * @param {string} modelUdid that device
 * @returns {Rows}
 */
export function espalierRows(url, modelUdid) {
  const db = open(url, 'mdm');

  /**
   * A statement that copies one row many times.
   * @param {string} table
   * @param {string} key column by which the row is found
   * @param {Record<string, string>} changes SQL by column
   * @param {string} from what to copy it for
   * @param {import('@espalier/persistence').SqlParams} params
   * @param {string} [keySql] value of the key
   * @returns {Promise<[string, import('@espalier/persistence').SqlParams]>}
   */
  const copies = async (table, key, changes, from, params, keySql = ':modelUdid') => {
    /** @type {{ column_name: string }[]} */
    const columns = await db.query(
      `SELECT column_name FROM information_schema.columns
       WHERE table_schema = 'mdm' AND table_name = :table AND is_identity = 'NO'`,
      { table },
    );
    const names = columns.map((column) => column.column_name);
    const values = names.map((name) => changes[name] ?? `model."${name}"`);
    const text = `INSERT INTO {${table}} ("${names.join('", "')}") SELECT ${values.join(', ')}
      FROM (SELECT * FROM {${table}} WHERE ${key} = ${keySql} LIMIT 1) model CROSS JOIN (SELECT * ${from}) target`;
    return [text, { ...params, modelUdid }];
  };

  const run = async (/** @type {() => Promise<Parameters<typeof fill>[1]>} */ statements) => {
    await db.ready();
    await fill(db, await statements());
    await tidy(db);
  };
  const entry = (/** @type {string} */ id, /** @type {Record<string, string>} */ changes) => ({
    id,
    enrollment_id: 'udid',
    ...changes,
  });
  const EACH = `FROM generate_series(1, :perDevice::int) k, json_array_elements_text(:udids::json) AS each (udid)`;

  return {
    queueCommands: (commands) =>
      run(async () => [
        await copies(
          'queued_command',
          'enrollment_id',
          entry('uuid', WAITING),
          'FROM json_to_recordset(:rows::json) AS r (udid text, uuid text)',
          { rows: JSON.stringify(commands) },
        ),
      ]),

    growHistories: (udids, perDevice) =>
      run(async () => [
        await copies('queued_command', 'enrollment_id', entry('gen_random_uuid()::text', {}), EACH, {
          perDevice,
          udids: JSON.stringify(udids),
        }),
        await copies(
          'command_result',
          'queued_command_id',
          { queued_command_id: 'target.id' },
          `FROM {queued_command} q WHERE is_open = 0
             AND NOT EXISTS (SELECT 1 FROM {command_result} r WHERE r.queued_command_id = q.id)`,
          {},
          '(SELECT id FROM {queued_command} WHERE enrollment_id = :modelUdid ORDER BY sequence LIMIT 1)',
        ),
      ]),

    growQueues: (udids, count) =>
      run(async () => [
        await copies(
          'queued_command',
          'enrollment_id',
          entry('gen_random_uuid()::text', WAITING),
          `${EACH} LIMIT :count::bigint`,
          { perDevice: Math.ceil(count / udids.length), count, udids: JSON.stringify(udids) },
        ),
      ]),

    growFleet: (count) =>
      run(async () => [
        await copies(
          'enrollment',
          'id',
          {
            id: 'udid',
            device_id: 'udid',
            serial_number: 'left(udid, 12)',
            fingerprint: `encode(sha256(udid::bytea), 'hex')`,
          },
          DEVICE_COUNT,
          { count },
        ),
        await copies('push_token', 'enrollment_id', { enrollment_id: 'udid' }, DEVICE_COUNT, { count }),
        await copies('last_seen', 'enrollment_id', { enrollment_id: 'udid' }, DEVICE_COUNT, { count }),
      ]),

    close: () => db.close(),
  };
}
