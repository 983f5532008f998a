import type { Logger } from '@espalier/service-kit';

/** Deletes what is older than a time (epoch ms); how much went. */
export type Pruner = (before: number) => Promise<number>;

export interface RetentionServiceOptions {
  /** By what it is, for the log. */
  readonly pruners: Readonly<Record<string, { readonly prune: Pruner; readonly keepMs: number }>>;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Keeps from growing for ever what is only needed for a while. */
export class RetentionService {
  constructor(private readonly options: RetentionServiceOptions) {}

  async prune(): Promise<void> {
    const { pruners, logger, now } = this.options;
    for (const [what, { prune, keepMs }] of Object.entries(pruners)) {
      const total = await prune(now().getTime() - keepMs);
      if (total > 0) logger.info({ what, total }, 'old rows were deleted');
    }
  }
}
