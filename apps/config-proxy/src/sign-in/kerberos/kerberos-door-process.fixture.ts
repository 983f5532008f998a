/**
 * A door in a process of its own: the Kerberos library takes its settings from the environment of the whole process.
 * Arguments: keytab, services, and the files of TLS. Prints its log and `{"port":…}`, and ends with its input.
 */
import { createLogger, loadConfig } from '@espalier/service-kit';
import { Door } from '../door.fixture.js';
import { buildSignIn } from '../sign-in.rooms.js';
import { signInSettings } from '../sign-in.settings.js';

const [keytab = '', services = '', caFile = '', certFile = '', keyFile = ''] = process.argv.slice(2);
const logger = createLogger({ service: 'config-proxy', replica: 'spec', level: 'info' });
const { config } = loadConfig(
  { service: 'config-proxy', settings: signInSettings },
  { ESPALIER_KERBEROS_KEYTAB_FILE: keytab, ESPALIER_KERBEROS_SERVICES: services },
);
const parts = { logger, now: () => new Date() };
const door = await new Door({ caFile, certFile, keyFile }, await buildSignIn(config, parts)).start();
process.stdout.write(`${JSON.stringify({ port: door.port })}\n`);
process.stdin.resume().on('end', () => process.exit());
