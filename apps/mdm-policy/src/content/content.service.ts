import { getPolicyContent } from '@espalier/contracts';
import type { Messaging } from '@espalier/messaging';
import type { z } from 'zod';

export type Content = z.output<typeof getPolicyContent.response>['content'];

export interface ContentServiceOptions {
  readonly messaging: Pick<Messaging, 'call'>;
  /** What is kept in memory, in characters of payload. */
  readonly keptCharacters?: number;
}

const KEPT_CHARACTERS = 32 * 1024 * 1024;

/**
 * What revisions are made of. Never stored: profiles hold secrets. A revision never changes, so it may be kept in
 * memory; what was used longest ago goes first.
 */
export class ContentService {
  readonly #kept = new Map<string, Content>();
  #size = 0;

  constructor(private readonly options: ContentServiceOptions) {}

  /** @throws EspalierError as config-proxy answers, 404 where there is no such revision */
  async get(ciId: string, revision: number): Promise<Content> {
    const key = `${ciId}/${revision}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept;
    }
    const { content } = await this.options.messaging.call(getPolicyContent, { ciId, revision });
    this.#keep(key, content);
    return content;
  }

  #keep(key: string, content: Content): void {
    if (this.#kept.has(key)) return;
    this.#kept.set(key, content);
    this.#size += sizeOf(content);
    for (const [oldest, gone] of this.#kept) {
      if (this.#size <= (this.options.keptCharacters ?? KEPT_CHARACTERS)) return;
      this.#kept.delete(oldest);
      this.#size -= sizeOf(gone);
    }
  }
}

function sizeOf(content: Content): number {
  if (content.kind === 'profile') return content.payload.length;
  return content.kind === 'declaration' ? JSON.stringify(content.payload).length : 0;
}
