import { approvalKindSchema, approvalPolicyBodySchema } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { z } from 'zod';
import type { ApprovableAction } from '../approvable-action.js';
import type { ApprovalClock } from '../approval.clock.js';
import type { ApprovalPolicies } from '../approval.policies.js';

export const policyParamsSchema = z.object({ kind: approvalKindSchema, settings: approvalPolicyBodySchema });
export type PolicyParams = z.output<typeof policyParamsSchema>;

export interface PolicyActionOptions {
  readonly db: Database;
  readonly policies: ApprovalPolicies;
  readonly clock: ApprovalClock;
}

/** Changes what needs an approval: with one. */
export const policyAction = ({
  db,
  policies,
  clock,
}: PolicyActionOptions): ApprovableAction<PolicyParams> => ({
  kind: 'policy-change',
  scopes: ['administrators:admin'],
  params: policyParamsSchema,
  summary: ({ kind, settings: { required, threshold, hourlyCap, aloneCap = null, expiryHours } }) =>
    [
      `Change the approval policy "${kind}":`,
      required ? `a second person for more than ${threshold} devices,` : 'no second person,',
      ...(aloneCap === null ? [] : [`without one at most ${aloneCap} devices per hour,`]),
      hourlyCap === null ? 'no limit per hour,' : `at most ${hourlyCap} devices per hour and person,`,
      `requests lapse after ${expiryHours} hours.`,
    ].join(' '),
  targets: ({ kind }) => [{ type: 'policy', id: kind }],
  execute: async ({ kind, settings }, { title: by }) => {
    await db.transaction(async (tx) => {
      const at = await clock.tick(tx);
      const { version: _version, ...before } = await policies.of(tx, kind);
      const same = Object.entries(settings).every(([name, value]) => before[name as 'required'] === value);
      if (!same) await policies.replace(tx, kind, settings, { at, by });
    });
    return {};
  },
});
