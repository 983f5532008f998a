import { applicationsReported, deviceReported, devicesSeen, enrollmentEnrolled } from '@espalier/contracts';

/**
 * Devices that have enrolled and reported, as the mdm service would have stored and told it: rows of its tables, and
 * events in its outbox, from where the real relay publishes them. The facts are spread so that rules select some.
 */

const MODELS = ['Mac14,2', 'Mac15,3', 'MacBookPro18,3', 'iMac21,1', 'Mac16,10'];
const VERSIONS = ['14.7.1', '15.1', '15.6', '26.0', '26.1'];

/** An SQL array literal. */
const array = (/** @type {readonly string[]} */ texts) =>
  `ARRAY[${texts.map((text) => `'${text}'`).join(',')}]`;
const pick = (/** @type {readonly string[]} */ texts, /** @type {string} */ by) =>
  `(${array(texts)})[1 + (${by}) % ${texts.length}]`;

/** SQL for the id of device `n`: a UDID. */
export const udidSql = (n = 'n') =>
  `upper(lpad(to_hex(${n}), 8, '0') || '-0000-4000-8000-' || lpad(to_hex(${n}), 12, '0'))`;

const NOW = `(extract(epoch from clock_timestamp()) * 1000)::bigint`;

const enrollmentJson = `jsonb_build_object(
  'id', ${udidSql()}, 'kind', 'device', 'deviceId', ${udidSql()}, 'state', 'enrolled',
  'serialNumber', 'SITE' || lpad(n::text, 8, '0'), 'deviceName', 'Mac ' || lpad(n::text, 6, '0'),
  'model', 'MB', 'modelName', 'MacBook', 'productName', ${pick(MODELS, 'n')},
  'osVersion', ${pick(VERSIONS, 'n / 7')}, 'buildVersion', '25A1', 'userShortName', null, 'push', 'none',
  'certificateFingerprint', repeat('0', 64), 'certificateNotAfter', null,
  'authenticatedAt', ${NOW}, 'enrolledAt', ${NOW}, 'removedAt', null, 'lastSeenAt', null)`;

const deviceFactsJson = `jsonb_build_object(
  'udid', ${udidSql()}, 'hardwareUuid', ${udidSql()}, 'serialNumber', 'SITE' || lpad(n::text, 8, '0'),
  'deviceName', 'Mac ' || lpad(n::text, 6, '0'), 'hostName', 'mac' || n || '.example', 'localHostName', 'mac' || n,
  'model', 'MB', 'modelName', 'MacBook', 'modelNumber', 'M' || (n % 40), 'productName', ${pick(MODELS, 'n')},
  'platform', 'mac', 'osVersion', ${pick(VERSIONS, 'n / 7')}, 'buildVersion', '25A1',
  'supplementalBuildVersion', null, 'isAppleSilicon', n % 5 <> 0, 'isSupervised', n % 3 = 0,
  'timeZone', 'Europe/Berlin', 'deviceCapacity', 256000000000 + (n % 4) * 256000000000,
  'availableCapacity', (n % 200)::bigint * 1000000000, 'batteryPercent', n % 101,
  'wifiMac', 'aa:00:' || substr(lpad(to_hex(n), 8, '0'), 1, 2) || ':' || substr(lpad(to_hex(n), 8, '0'), 3, 2) || ':'
    || substr(lpad(to_hex(n), 8, '0'), 5, 2) || ':' || substr(lpad(to_hex(n), 8, '0'), 7, 2),
  'bluetoothMac', null, 'ethernetMacs', '[]'::jsonb, 'imei', null, 'phoneNumber', null, 'lastCloudBackupAt', null,
  'activationLockEnabled', false, 'lostModeEnabled', null)`;

const applicationsJson = `(SELECT jsonb_agg(jsonb_build_object(
  'identifier', 'com.example.app' || ((n + k * 17) % 60), 'name', 'Application ' || ((n + k * 17) % 60),
  'version', '1.' || (n % 9), 'shortVersion', '1.' || (n % 9), 'bundleSize', 1000000, 'managed', false))
  FROM generate_series(1, 10) k)`;

const outbox = (
  /** @type {string} */ subject,
  /** @type {string} */ label,
  /** @type {string} */ payload,
) => `
  INSERT INTO {outbox} (subject, message_id, payload, headers, created_at)
  SELECT '${subject}', '${label}-' || n, (${payload})::text, NULL, ${NOW} FROM generate_series(:from::int, :to::int) n`;

/** Rows of one transaction: the relay begins with the first while the next are made. */
const DEVICES_AT_ONCE = 5_000;
const SEEN_AT_ONCE = 1_000;
const DAY_MS = 86_400_000;

/** Messages that each device makes: that it enrolled, what it is, what is installed. */
export const MESSAGES_PER_DEVICE = 3;

/**
 * @param {import('@espalier/persistence').Database} mdm
 * @param {number} first
 * @param {number} last
 */
export async function populate(mdm, first, last) {
  for (let from = first; from <= last; from += DEVICES_AT_ONCE)
    await populateSome(mdm, { from, to: Math.min(last, from + DEVICES_AT_ONCE - 1) });
}

/**
 * @param {import('@espalier/persistence').Database} mdm
 * @param {{ from: number, to: number }} range
 */
async function populateSome(mdm, range) {
  const told = `'at', ${NOW}, 'askedAt', ${NOW}`;
  await mdm.transaction(async (tx) => {
    await tx.execute(
      `INSERT INTO {enrollment} (id, kind, device_id, state, fingerprint, serial_number, device_name, product_name,
         os_version, authenticated_at, enrolled_at)
       SELECT ${udidSql()}, 'device', ${udidSql()}, 'enrolled', lpad(n::text, 64, '0'), 'SITE' || lpad(n::text, 8, '0'),
         'Mac ' || n, ${pick(MODELS, 'n')}, ${pick(VERSIONS, 'n / 7')}, ${NOW}, ${NOW}
       FROM generate_series(:from::int, :to::int) n`,
      range,
    );
    await tx.execute(
      outbox(
        enrollmentEnrolled.subject,
        'enrolled',
        `jsonb_build_object('id', ${udidSql()}, 'deviceId', ${udidSql()}, 'kind', 'device', 'at', ${NOW}, 'enrollment', ${enrollmentJson})`,
      ),
      range,
    );
    await tx.execute(
      outbox(
        deviceReported.subject,
        'device',
        `jsonb_build_object('enrollmentId', ${udidSql()}, ${told}, 'facts', ${deviceFactsJson})`,
      ),
      range,
    );
    await tx.execute(
      outbox(
        applicationsReported.subject,
        'applications',
        `jsonb_build_object('enrollmentId', ${udidSql()}, ${told}, 'applications', ${applicationsJson})`,
      ),
      range,
    );
    await tx.execute(
      `INSERT INTO {outbox} (subject, message_id, payload, headers, created_at)
       SELECT '${devicesSeen.subject}', 'seen-' || min(n), (jsonb_build_object('seen', jsonb_agg(jsonb_build_object(
         'enrollmentId', ${udidSql()}, 'at', ${NOW} - (n::bigint * 7919) % ${30 * DAY_MS}))))::text, NULL, ${NOW}
       FROM generate_series(:from::int, :to::int) n GROUP BY n / ${SEEN_AT_ONCE}`,
      range,
    );
  });
}

/**
 * What devices report of themselves, as the mdm service tells it.
 * @param {import('@espalier/persistence').Database} mdm
 * @param {number} from
 * @param {number} to
 * @returns {Promise<{ enrollmentId: string, at: number, askedAt: number, facts: import('@espalier/contracts').DeviceFacts }[]>}
 */
export async function reportsOf(mdm, from, to) {
  /** @type {{ id: string, facts: string }[]} */
  const rows = await mdm.query(
    `SELECT ${udidSql()} AS id, (${deviceFactsJson})::text AS facts
     FROM generate_series(:from::int, :to::int) n ORDER BY n`,
    { from, to },
  );
  const at = Date.now();
  return rows.map(({ id, facts }) => ({ enrollmentId: id, at, askedAt: at, facts: JSON.parse(facts) }));
}

/** The OS version that device `n` has at first. */
export const versionOf = (/** @type {number} */ n) => VERSIONS[Math.floor(n / 7) % VERSIONS.length] ?? '';

/** Another OS version than this one, for which there are collections too. */
export const versionAfter = (/** @type {string} */ version) =>
  VERSIONS[(VERSIONS.indexOf(version) + 1) % VERSIONS.length] ?? '';

/**
 * Of a collection; others by their place in the list, devices by their number.
 * @typedef {object} Definition
 * @property {string} name
 * @property {{ kind: 'query', name: string, query: string }[]} [rules]
 * @property {number[]} [directNumbers]
 * @property {number[]} [includes]
 * @property {number[]} [excludes]
 */

/**
 * Definitions of collections of every kind, in an order in which they can be made.
 * @param {number} count
 * @returns {Definition[]}
 */
export function collectionDefinitions(count) {
  return Array.from({ length: count }, (_, index) => definitionOf(index));
}

const query = (/** @type {string} */ where) => `select * from SMS_R_System where ${where}`;
const software = (/** @type {string} */ where) =>
  `select SMS_R_System.ResourceId from SMS_R_System inner join SMS_G_System_INSTALLED_SOFTWARE on SMS_G_System_INSTALLED_SOFTWARE.ResourceId = SMS_R_System.ResourceId where ${where}`;
const macName = (/** @type {number} */ n) => `Mac ${String(n).padStart(6, '0')}`;

/** @param {number} index @returns {Definition} */
function definitionOf(index) {
  const name = `Bench ${String(index).padStart(4, '0')}`;
  const tens = Math.floor(index / 10);
  /** @type {(text: string) => Definition} */
  const rule = (text) => ({ name, rules: [{ kind: 'query', name: 'rule', query: text }] });
  switch (index % 10) {
    case 0:
      return rule(query(`SMS_R_System.Name like 'Mac 0${tens % 10}%'`));
    case 1: {
      const version = VERSIONS[tens % VERSIONS.length];
      return rule(query(`SMS_R_System.OperatingSystemNameandVersion like '%${version}%'`));
    }
    case 2:
      return rule(software(`SMS_G_System_INSTALLED_SOFTWARE.ProductName = 'Application ${tens % 60}'`));
    case 3:
      return rule(query(`SMS_R_System.Name like '%${index}' and SMS_R_System.Client = 1`));
    case 4:
      return { name, directNumbers: Array.from({ length: 20 }, (_, n) => 1 + ((index * 31 + n) % 1_000)) };
    case 5:
      return { name, includes: [index - 1, index - 2], excludes: [index - 4] };
    default: {
      const [from, to] = [macName(index * 197), macName(index * 197 + 500)];
      return rule(query(`SMS_R_System.Name >= '${from}' and SMS_R_System.Name < '${to}'`));
    }
  }
}
