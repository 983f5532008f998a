/**
 * A replica that a spec kills in the middle of a message: it takes one, says so, and never finishes.
 * Arguments: server URL, `event` or `job`.
 */
import { connectMessaging } from '../nats-messaging.js';
import { enrolled, MemoryLogger, mdm, policy, removed, sweep } from './bus.fixture.js';

const [url, kind] = process.argv.slice(2);
const never = new Promise<never>(() => undefined);
const hang = async (): Promise<void> => {
  process.stdout.write('taken\n');
  await never;
};
const common = { servers: [url ?? ''], logger: new MemoryLogger(), replica: 'doomed' };
if (kind === 'event') {
  const messaging = connectMessaging({ ...common, service: policy });
  messaging.consume([enrolled, removed], { durable: 'projection', ackWaitMs: 1_000, handler: hang });
} else {
  connectMessaging({ ...common, service: mdm }).work(sweep, hang);
}
