import { isEspalierError } from '@espalier/contracts';
import type { DeviceEvent, DeviceEventDetails, DeviceEventKind } from '../events/device-event.js';
import type { DeviceEvents } from '../events/device-events.js';
import type { RetryOptions } from '../http/retry.js';
import { nameOf } from '../identity/device-facts.js';
import type { DeviceFolder } from '../state/device-folder.js';

/** Tells what happens to one device, or to a user channel of it. */
export class DeviceReporter {
  /** @param device the folder whose facts name the device; its own, unless this is of a user channel */
  constructor(
    private readonly folder: DeviceFolder,
    private readonly events: DeviceEvents,
    private readonly now: () => Date,
    private readonly device: DeviceFolder = folder,
  ) {}

  emit<K extends DeviceEventKind>(kind: K, details: DeviceEventDetails[K]): void {
    const { serial, udid, platform } = this.folder.state.identity;
    const name = nameOf(this.device.state);
    const user = this.folder.state.user?.shortName;
    const device = { serial, udid, name, platform, ...(user !== undefined && { user }) };
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
