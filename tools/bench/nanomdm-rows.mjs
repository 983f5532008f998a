import { fill, open, tidy } from './databases.mjs';
import { COMMAND_TYPE, TOPIC } from './fleet.mjs';

const COMMAND = `('<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>Command</key><dict>'
  || '<key>RequestType</key><string>${COMMAND_TYPE}</string></dict><key>CommandUUID</key><string>' || uuid
  || '</string></dict></plist>')`;
const RESULT = `('<?xml version="1.0" encoding="UTF-8"?>' || repeat('A', 450))`;

/**
 * The rows of nanomdm, as its own schema has them.
 * @param {string} url
 * @param {string} schemaSql
 * @returns {import('./espalier-rows.mjs').Rows & { createTables: () => Promise<void> }}
 */
export function nanomdmRows(url, schemaSql) {
  const db = open(url, 'public');
  const run = async (/** @type {Parameters<typeof fill>[1]} */ statements) => {
    await db.ready();
    await fill(db, statements);
    await tidy(db);
  };
  return {
    async createTables() {
      await db.ready();
      await db.execute(schemaSql);
    },

    async queueCommands(commands) {
      const from = `FROM json_array_elements(:rows::json) WITH ORDINALITY AS r (command, place),
        json_to_record(r.command) AS c (udid text, uuid text)`;
      const params = { rows: JSON.stringify(commands) };
      await run([
        [insertCommands(from), params],
        [
          `INSERT INTO {enrollment_queue} (id, command_uuid, created_at)
           SELECT udid, uuid, now() + place * interval '1 microsecond' ${from}`,
          params,
        ],
      ]);
    },

    async growHistories(udids, perDevice) {
      const from = `FROM generate_series(1, :perDevice::int) k, concat('history-', k) uuid`;
      const each = `${from}, json_array_elements_text(:udids::json) udid`;
      const params = { udids: JSON.stringify(udids), perDevice };
      await run([
        [insertCommands(from), { perDevice }],
        [`INSERT INTO {enrollment_queue} (id, command_uuid) SELECT udid, uuid ${each}`, params],
        [
          `INSERT INTO {command_results} (id, command_uuid, status, result)
           SELECT udid, uuid, 'Acknowledged', ${RESULT} ${each}`,
          params,
        ],
      ]);
    },

    async growQueues(udids, count) {
      const perDevice = Math.ceil(count / udids.length);
      const from = `FROM generate_series(1, :perDevice::int) k, concat('queue-', k) uuid`;
      await run([
        [insertCommands(from), { perDevice }],
        [
          `INSERT INTO {enrollment_queue} (id, command_uuid)
           SELECT udid, uuid ${from}, json_array_elements_text(:udids::json) udid LIMIT :count::bigint`,
          { perDevice, count, udids: JSON.stringify(udids) },
        ],
      ]);
    },

    async growFleet(count) {
      const from = `FROM generate_series(1, :count::int) k, upper(md5('device' || k)) udid`;
      await run([
        [
          `INSERT INTO {devices}
             (id, identity_cert, serial_number, authenticate, authenticate_at, token_update, token_update_at)
           SELECT udid, '-----BEGIN CERTIFICATE-----' || repeat('A', 1000), left(udid, 12), repeat('A', 800), now(),
             repeat('A', 600), now() ${from}`,
          { count },
        ],
        [
          `INSERT INTO {enrollments} (id, device_id, type, topic, push_magic, token_hex, last_seen_at)
           SELECT udid, udid, 'Device', '${TOPIC}', udid, encode(sha256(udid::bytea), 'hex'), now() ${from}`,
          { count },
        ],
        [
          `INSERT INTO {cert_auth_associations} (id, sha256)
           SELECT udid, encode(sha256(udid::bytea), 'hex') ${from}`,
          { count },
        ],
      ]);
    },

    close: () => db.close(),
  };
}

function insertCommands(/** @type {string} */ from) {
  return `INSERT INTO {commands} (command_uuid, request_type, command)
          SELECT uuid, '${COMMAND_TYPE}', ${COMMAND} ${from}`;
}
