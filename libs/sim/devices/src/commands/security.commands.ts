import { modelOf } from '../identity/device-identity.js';
import type { DictReader } from '@espalier/plist';
import { formatProblem, type CommandHandler } from './command-outcome.js';

function sixDigits(command: DictReader, needed: boolean): void {
  const pin = command.optionalString('PIN');
  if (pin === undefined ? needed : !/^\d{6}$/.test(pin)) throw formatProblem('PIN must be six digits.');
}

/** A Mac needs a PIN; it stays reachable here, where a real one restarts and waits for that PIN. */
export const deviceLock: CommandHandler = (command, { identity }) => {
  sixDigits(command, identity.platform === 'mac');
  return { status: 'Acknowledged', changes: { locked: true } };
};

/** A device restarts, or is switched on again by somebody, in no time here. */
export const restart: CommandHandler = () => ({ status: 'Acknowledged' });

/** Answers first and is gone afterwards: nothing checks out. */
export const eraseDevice: CommandHandler = (command, { identity }) => {
  sixDigits(command, identity.platform === 'mac' && !modelOf(identity).appleSilicon);
  return { status: 'Acknowledged', after: 'erase' };
};
