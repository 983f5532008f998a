import { approvalErrors, isEspalierError } from '@espalier/contracts';
import type { Tx } from '@espalier/persistence';
import type { ActionCountStore, CountKey, MinuteCount } from './action-count.store.js';

export interface Booking extends CountKey {
  readonly devices: number;
  /** Devices within an hour; null: as many as they like. */
  readonly cap: number | null;
  /** The time of the {@link ApprovalClock}: one that goes back would give a limit twice. */
  readonly at: number;
}

const MINUTE_MS = 60_000;
/** A minute more, so that no hour, whenever it begins, sees more than the limit. */
const COUNTED_MINUTES = 61;

/** Counts the devices that each person acts on, whatever token or sign-in they use. Nothing bypasses it. */
export class HourlyCap {
  constructor(private readonly store: ActionCountStore) {}

  /**
   * Counts, or refuses.
   * @throws EspalierError ESP_APPROVAL_CAP_REACHED with when it is free again in `fields.freeAt` (ISO 8601),
   * ESP_APPROVAL_CAP_EXCEEDED where no waiting helps
   */
  async book(tx: Tx, { devices, cap, at, administratorId, kind, phase }: Booking): Promise<void> {
    if (cap === null || devices === 0) return;
    if (devices > cap)
      throw approvalErrors.ESP_APPROVAL_CAP_EXCEEDED({
        detail: `${devices} devices; the policy ${kind} lets ${cap} pass within an hour.`,
      });
    const key = { administratorId, kind, phase };
    const minute = Math.floor(at / MINUTE_MS);
    const recent = (await this.store.lock(tx, key, at)).filter(([then]) => then > minute - COUNTED_MINUTES);
    const left = cap - sum(recent);
    if (devices > left) {
      const freeAt = new Date(freeMinute(recent, devices - left) * MINUTE_MS).toISOString();
      throw approvalErrors.ESP_APPROVAL_CAP_REACHED({
        detail: `${devices} devices; ${Math.max(0, left)} of ${cap} (policy ${kind}) are free now, enough of them at ${freeAt}.`,
        fields: { freeAt },
      });
    }
    await this.store.put(tx, key, added(recent, minute, devices), at);
  }

  /** As `book`; false where that would refuse, and nothing is counted. */
  async fits(tx: Tx, booking: Booking): Promise<boolean> {
    try {
      await this.book(tx, booking);
      return true;
    } catch (error) {
      if (isEspalierError(error) && error.code.startsWith('ESP_APPROVAL_CAP_')) return false;
      throw error;
    }
  }
}

const sum = (counts: readonly MinuteCount[]): number =>
  counts.reduce((total, [, devices]) => total + devices, 0);

function added(recent: readonly MinuteCount[], minute: number, devices: number): MinuteCount[] {
  const same = recent.find(([then]) => then === minute)?.[1] ?? 0;
  return [...recent.filter(([then]) => then !== minute), [minute, same + devices]];
}

/** The minute in which so many devices more have left the hour. Counts stand in the order of time. */
function freeMinute(recent: readonly MinuteCount[], wanted: number): number {
  let freed = 0;
  for (const [minute, devices] of recent) {
    freed += devices;
    if (freed >= wanted) return minute + COUNTED_MINUTES;
  }
  throw new RangeError('a limit is never smaller than what is asked of it');
}
