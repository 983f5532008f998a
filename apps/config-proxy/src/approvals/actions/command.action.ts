import {
  cancelCommand,
  commandInputSchema,
  enrollmentIdSchema,
  isEspalierError,
  mdmErrors,
  submitCommand,
  type ApprovalKind,
} from '@espalier/contracts';
import { commandMetadata } from '@espalier/mdm-protocol';
import { z } from 'zod';
import { isDestructive } from '../../commands/destructive.js';
import type { MdmClient } from '../../mdm/mdm.client.js';
import type { ApprovableAction, TakenBack } from '../approvable-action.js';

/** One command to one or many enrolments. */
export const commandParamsSchema = z.object({
  enrollmentIds: z.array(enrollmentIdSchema),
  command: commandInputSchema,
  priority: z.number(),
  push: z.boolean(),
});
export type CommandParams = z.output<typeof commandParamsSchema>;

export type CommandActionKind = Extract<
  ApprovalKind,
  'erase' | 'remove-management' | 'disruptive-command' | 'unknown-command'
>;
export const commandActionKinds: readonly CommandActionKind[] = [
  'erase',
  'remove-management',
  'disruptive-command',
  'unknown-command',
];

/** Which policy a command falls under; undefined where it does no harm. */
export function commandActionKind(requestType: string): CommandActionKind | undefined {
  if (!isDestructive(requestType)) return undefined;
  if (!commandMetadata(requestType).known) return 'unknown-command';
  if (requestType === 'EraseDevice') return 'erase';
  return requestType === 'RemoveProfile' ? 'remove-management' : 'disruptive-command';
}

const TAKEN_BACK_AT_ONCE = 25;

/** Commands that need a second person; mdm carries a request id out once. */
export function commandAction(
  kind: CommandActionKind,
  mdm: Pick<MdmClient, 'insist'>,
): ApprovableAction<CommandParams> {
  return {
    kind,
    scopes: ['commands:write', 'commands:destructive'],
    params: commandParamsSchema,
    summary: ({ command, enrollmentIds: { length } }) =>
      `Send ${command.requestType} to ${length === 1 ? 'one device' : `${length} devices`}.`,
    targets: ({ enrollmentIds }) => enrollmentIds.map((id) => ({ type: 'enrollment', id })),
    execute: async (params, { approvalId, actor, title }) => {
      const requestId = `approval:${approvalId}`;
      const request = { ...params, requestId, createdBy: title, onInactive: 'skip' } as const;
      const { commands, skipped } = await mdm.insist(submitCommand, request, { actor });
      if (commands.length === 0)
        throw mdmErrors.ESP_MDM_ENROLLMENT_NOT_ACTIVE({
          detail: 'None of the devices is enrolled any more.',
        });
      return {
        ids: commands.map(({ id }) => id),
        ...(skipped.length > 0 && {
          outcome: `${skipped.length} of ${params.enrollmentIds.length} devices were left out: they are not enrolled any more.`,
        }),
      };
    },
    takeBack: async (ids, { actor, title: cancelledBy }): Promise<TakenBack> => {
      let takenBack = 0;
      for (let from = 0; from < ids.length; from += TAKEN_BACK_AT_ONCE) {
        const some = ids.slice(from, from + TAKEN_BACK_AT_ONCE);
        const done = await Promise.all(
          some.map((id) =>
            mdm.insist(cancelCommand, { id, cancelledBy }, { actor }).then(
              () => true,
              (error: unknown) => {
                if (isEspalierError(error) && error.code === 'ESP_MDM_COMMAND_NOT_CANCELLABLE') return false;
                throw error;
              },
            ),
          ),
        );
        takenBack += done.filter(Boolean).length;
      }
      return { takenBack, tooLate: ids.length - takenBack };
    },
  };
}
