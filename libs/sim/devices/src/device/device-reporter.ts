import { isEspalierError } from '@espalier/contracts';
import type { DeviceEvent, DeviceEventDetails, DeviceEventKind } from '../events/device-event.js';
import type { DeviceEvents } from '../events/device-events.js';
import type { RetryOptions } from '../http/retry.js';
import type { DeviceIdentity } from '../identity/device-identity.js';

/** Tells what happens to one device. */
export class DeviceReporter {
  constructor(
    private readonly identity: DeviceIdentity,
    private readonly events: DeviceEvents,
    private readonly now: () => Date,
  ) {}

  emit<K extends DeviceEventKind>(kind: K, details: DeviceEventDetails[K]): void {
    const { serial, udid, name, platform } = this.identity;
    const device = { serial, udid, name, platform };
    this.events.emit({ kind, at: this.now().toISOString(), device, ...details } as DeviceEvent);
  }

  /** An error as an event: a warning where its level says so. */
  report(error: unknown): void {
    const known = isEspalierError(error);
    const message = error instanceof Error ? error.message : String(error);
    const kind = known && error.level === 'warn' ? 'warning' : 'error';
    this.emit(kind, { code: known ? error.code : 'ESP_INTERNAL', message });
  }

  readonly onRetry: RetryOptions['onRetry'] = ({ code, message }, attempt, waitMs) =>
    this.emit('retry', { code, message, attempt, waitMs });
}
