import { deploymentErrors, type DeploymentSettings, type PolicyItem } from '@espalier/contracts';

const EARLIEST = Date.UTC(2000, 0, 1);
const YEAR_MS = 366 * 86_400_000;
const YEARS_AHEAD = 10;

type Times = Pick<DeploymentSettings, 'intent' | 'startAt' | 'deadlineAt'>;

/** @throws EspalierError ESP_DEPLOYMENT_TIMES_INVALID naming every field that is wrong */
export function checkTimes({ intent, startAt, deadlineAt }: Times, now: number): void {
  const latest = now + YEARS_AHEAD * YEAR_MS;
  const isAbsurd = (at: number): boolean => at < EARLIEST || at > latest;
  const range = `must be between 2000 and ${YEARS_AHEAD} years from now, in milliseconds since 1970`;
  const fields: Record<string, string> = {};
  if (isAbsurd(startAt)) fields['startAt'] = range;
  if (deadlineAt !== null) {
    if (isAbsurd(deadlineAt)) fields['deadlineAt'] = range;
    else if (deadlineAt < startAt) fields['deadlineAt'] = 'must not be before startAt';
    if (intent === 'available') fields['deadlineAt'] = 'must be null where the intent is available';
  }
  const [problem] = Object.entries(fields);
  if (problem !== undefined)
    throw deploymentErrors.ESP_DEPLOYMENT_TIMES_INVALID({ detail: `${problem.join(' ')}.`, fields });
}

export interface Fit {
  readonly thingName: string;
  readonly items: readonly PolicyItem[];
  readonly action: DeploymentSettings['action'];
  readonly collection: { readonly name: string; readonly kind: 'device' | 'user' };
}

/** @throws EspalierError ESP_DEPLOYMENT_NOTHING_IN_IT, ESP_DEPLOYMENT_DOES_NOT_FIT */
export function checkFit({ thingName, items, action, collection }: Fit): void {
  if (items.length === 0) throw deploymentErrors.ESP_DEPLOYMENT_NOTHING_IN_IT({ detail: `"${thingName}".` });
  const scope = collection.kind === 'device' ? 'system' : 'user';
  const stray = items.find((item) => item.scope !== scope);
  if (stray !== undefined)
    throw deploymentErrors.ESP_DEPLOYMENT_DOES_NOT_FIT({
      detail: `"${stray.displayName}" is for ${stray.scope === 'user' ? 'users' : 'devices'}, but "${collection.name}" is a collection of ${collection.kind}s.`,
    });
  const script = items.find(({ kind }) => kind === 'script');
  if (action === 'uninstall' && script !== undefined)
    throw deploymentErrors.ESP_DEPLOYMENT_DOES_NOT_FIT({
      detail: `"${script.displayName}" is a script: what it did cannot be uninstalled.`,
    });
}
