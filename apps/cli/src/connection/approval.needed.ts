import type { Approval } from '@espalier/contracts';
import { CliError } from '../cli.error.js';
import { exitCodes } from '../exit-codes.js';
import { showTime } from '../terminal/times.js';

/** The server has accepted the request, but a second person must approve it before anything is done. */
export class ApprovalNeeded extends CliError {
  override readonly name = 'ApprovalNeeded';

  constructor(readonly approval: Approval) {
    super(
      `This waits for a second person: ${approval.summary}`,
      exitCodes.needsApproval,
      `They approve it with: espalier approve ${approval.id}\nIt lapses ${showTime(approval.expiresAt) ?? 'in time'}. See what becomes of it: espalier approvals watch ${approval.id}`,
    );
  }

  override toJson(): Readonly<Record<string, unknown>> {
    return { ...super.toJson(), approval: this.approval };
  }
}
