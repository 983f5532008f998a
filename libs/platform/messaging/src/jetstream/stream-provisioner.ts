import {
  jetstreamManager,
  JetStreamApiCodes,
  JetStreamApiError,
  type StreamConfig,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

import type { MessagingLogger } from '../messaging.types.js';
import type { StreamDefinition } from './stream.definitions.js';

/** JSStreamNameExistErr: another service created the stream a moment ago. */
const STREAM_NAME_IN_USE = 10_058;

const hasCode = (error: unknown, code: number): boolean =>
  error instanceof JetStreamApiError && error.code === code;

const differs = (have: unknown, want: unknown): boolean => JSON.stringify(have) !== JSON.stringify(want);

/** What of the definition an existing stream does not have; subjects only grow, an older version may need its own. */
function changes(have: StreamConfig, want: StreamDefinition): Partial<StreamConfig> {
  const subjects = [...new Set([...(have.subjects ?? []), ...(want.subjects ?? [])])];
  const wanted = { ...want, subjects };
  return Object.fromEntries(
    Object.entries(wanted).filter(([key, value]) => differs(have[key as keyof StreamConfig], value)),
  );
}

/**
 * Makes the streams exist as defined: whichever service comes first creates them, a later version updates them.
 * @throws where a stream is missing and `provision` is false, or the server refuses
 */
export async function ensureStreams(
  connection: NatsConnection,
  definitions: readonly StreamDefinition[],
  options: { readonly provision: boolean; readonly logger: MessagingLogger },
): Promise<void> {
  if (definitions.length === 0) return;
  const { streams } = await jetstreamManager(connection, { checkAPI: false });
  for (const definition of definitions) {
    const { name } = definition;
    const existing = await streams.info(name).catch((error: unknown) => {
      if (hasCode(error, JetStreamApiCodes.StreamNotFound)) return undefined;
      throw error;
    });
    if (existing === undefined) {
      if (!options.provision) throw new Error(`the stream ${name} does not exist yet`);
      await streams.add({ ...definition }).catch((error: unknown) => {
        if (!hasCode(error, STREAM_NAME_IN_USE)) throw error;
      });
      options.logger.info({ stream: name }, 'created a stream');
      continue;
    }
    const update = changes(existing.config, definition);
    if (!options.provision || Object.keys(update).length === 0) continue;
    await streams.update(name, update);
    options.logger.info({ stream: name, changed: Object.keys(update) }, 'updated a stream');
  }
}
