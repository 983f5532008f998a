import type { PlistJson } from '@espalier/contracts';
import type { Caller } from '../access/caller.js';
import type { Visibility } from '../access/visibility.service.js';
import type { AuditRecorder } from '../audit/audit.entry.js';
import { actorOf } from '../audit/audit.hooks.js';

/** What devices give away when they are asked (Apple: ActivationLockBypassCode, RequestUnlockToken): it opens them. */
const SECRETS: ReadonlySet<string> = new Set(['ActivationLockBypassCode', 'UnlockToken']);
const WITHHELD = '(needs secrets:read)';

/** What is looked at of a command and its answer. */
interface Answered {
  readonly command: { readonly id: string; readonly enrollmentId: string; readonly requestType: string };
  readonly result: PlistJson | null;
}

export interface CommandAnswersOptions {
  readonly visibility: Pick<Visibility, 'reachesEnrollment'>;
  readonly audit: Pick<AuditRecorder, 'recordAlone'>;
}

/** Shows what devices answered. What opens a device is a secret that it escrows, also where it is the answer to a command. */
export class CommandAnswers {
  constructor(private readonly options: CommandAnswersOptions) {}

  /**
   * The command with its answer; without the secrets in it where the caller may not read those of this device. Each
   * reading of one is recorded before it is shown.
   * @throws EspalierError ESP_AUDIT_UNAVAILABLE
   */
  async shown<A extends Answered>(found: A, caller: Caller, requestId: string): Promise<A> {
    const { visibility, audit } = this.options;
    const { command, result } = found;
    if (!isDictionary(result) || !Object.keys(result).some((key) => SECRETS.has(key))) return found;
    if (!(await visibility.reachesEnrollment(command.enrollmentId, caller.reach('secrets:read'))))
      return { ...found, result: withoutSecrets(result) };
    await audit.recordAlone({
      action: 'readCommandSecret',
      outcome: 'succeeded',
      actor: actorOf(caller, caller.address),
      credentialId: caller.credentialId,
      address: caller.address,
      targets: [
        { type: 'command', id: command.id },
        { type: 'enrollment', id: command.enrollmentId },
      ],
      requestId,
      details: { requestType: command.requestType },
    });
    return found;
  }
}

type Dictionary = Readonly<Record<string, PlistJson>>;

const isDictionary = (value: PlistJson | null): value is Dictionary & PlistJson =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const withoutSecrets = (result: Dictionary): PlistJson =>
  Object.fromEntries(
    Object.entries(result).map(([key, value]) => [key, SECRETS.has(key) ? WITHHELD : value]),
  );
