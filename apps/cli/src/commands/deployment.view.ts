import type { DeploymentDetail, DeploymentSummary } from '@espalier/contracts';
import type { Cli } from '../cli.js';
import { number, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';

const priorityNames = ['low', 'medium', 'high'] as const;

/** A time of a deployment: by each device's own clock, it is the same digits everywhere. */
function showSetTime(at: number | null, localTime: boolean): string | null {
  if (at === null || !localTime) return showTime(at);
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}, device time`;
}

/** Shows a deployment and, where it is known, how its devices stand. */
export function showDeployment(
  { out }: Cli,
  deployment: DeploymentDetail,
  summary?: DeploymentSummary,
): void {
  const { counts } = summary ?? deployment;
  out.result(summary === undefined ? deployment : { ...deployment, summary }, () => {
    out.record([
      ['Name', deployment.name],
      ['Id', deployment.id],
      ['Assignment', deployment.assignmentId],
      ['Thing', `${deployment.thingName} (${deployment.thingKind}), revision ${deployment.deployedRevision}`],
      ['Collection', `${deployment.collectionName} (${deployment.collectionId})`],
      ['Intent', `${deployment.intent}, ${deployment.action}${deployment.enabled ? '' : ', DISABLED'}`],
      ['Starts', showSetTime(deployment.startAt, deployment.localTime)],
      ['Deadline', showSetTime(deployment.deadlineAt, deployment.localTime)],
      ['Priority', priorityNames[deployment.priority]],
      ['Windows', deployment.overrideWindows ? 'overridden' : 'kept'],
      ['Comment', deployment.comment],
      ['Made', `${showTime(deployment.createdAt) ?? ''} by ${deployment.createdBy}`],
      ['Changed', `${showTime(deployment.changedAt) ?? ''} by ${deployment.changedBy}`],
    ]);
    out.heading(summary === undefined ? 'Devices' : `Devices: ${summary.compliantPercentage} % comply`);
    out.record([
      ['targeted', counts.targeted],
      ['success', counts.success],
      ['in progress', counts.inProgress],
      ['requirements not met', counts.requirementsNotMet],
      ['error', counts.error],
      ['unknown', counts.unknown],
    ]);
    if (summary === undefined || summary.items.length === 0) return;
    out.heading('Configuration items');
    out.table(summary.items, [
      text('NAME', ({ displayName }) => displayName),
      whole('REVISION', ({ revision }) => revision),
      number('COMPLIANT', ({ compliant }) => compliant),
      number('NOT', ({ nonCompliant }) => nonCompliant),
      number('CONFLICT', ({ conflict }) => conflict),
      number('ERROR', ({ error }) => error),
      number('UNKNOWN', ({ unknown }) => unknown),
    ]);
  });
}
