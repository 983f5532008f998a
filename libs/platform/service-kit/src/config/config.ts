import { readFileSync } from 'node:fs';
import type { z } from 'zod';

/** One environment variable of a service: what it means, what it may hold, and whether it may be shown. */
export interface Setting<Schema extends z.ZodType = z.ZodType> {
  readonly env: string;
  readonly schema: Schema;
  /** One or two sentences for docs/operations.md and `--help`. */
  readonly description: string;
  /** Never logged or shown; may also be given as a file named by `<env>_FILE`. */
  readonly secret: boolean;
}

/** Declares a setting. The default, where there is one, is the schema's own. */
export function setting<Schema extends z.ZodType>(
  env: string,
  schema: Schema,
  options: { readonly description: string; readonly secret?: boolean },
): Setting<Schema> {
  return { env, schema, description: options.description, secret: options.secret ?? false };
}

export type Settings = Readonly<Record<string, Setting>>;

/** All settings of one service, from which validation, redaction, `--help` and the docs come. */
export interface ConfigDefinition<S extends Settings = Settings> {
  readonly service: string;
  readonly settings: S;
}

export type ConfigOf<S extends Settings> = { readonly [K in keyof S]: z.output<S[K]['schema']> };

export function defineConfig<const S extends Settings>(definition: ConfigDefinition<S>): ConfigDefinition<S> {
  const seen = new Set<string>();
  for (const { env } of Object.values(definition.settings)) {
    if (seen.has(env)) throw new Error(`${definition.service} declares ${env} twice`);
    seen.add(env);
  }
  return definition;
}

/** Every bad variable of a service at once, each with what is wrong with it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(
    readonly service: string,
    readonly problems: readonly string[],
  ) {
    super(
      `${service} cannot start, its configuration is wrong:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
  }
}

/** A configuration that was read, with the secret values that no output may contain. */
export interface LoadedConfig<S extends Settings> {
  readonly config: ConfigOf<S>;
  readonly secrets: readonly string[];
}

function readRaw(setting: Setting, env: NodeJS.ProcessEnv): { raw?: string; problem?: string } {
  const direct = env[setting.env];
  if (direct !== undefined && direct !== '') return { raw: direct };
  const file = setting.secret ? env[`${setting.env}_FILE`] : undefined;
  if (file === undefined || file === '') return {};
  try {
    return { raw: readFileSync(file, 'utf8').trim() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { problem: `${setting.env}_FILE: cannot be read (${reason})` };
  }
}

/**
 * Reads a service's settings from the environment; an empty variable counts as absent.
 * @throws ConfigError naming every bad variable at once, never its value where it is secret.
 */
export function loadConfig<S extends Settings>(
  definition: ConfigDefinition<S>,
  env: NodeJS.ProcessEnv,
): LoadedConfig<S> {
  const config: Record<string, unknown> = {};
  const problems: string[] = [];
  const secrets: string[] = [];
  for (const [key, setting] of Object.entries<Setting>(definition.settings)) {
    const { raw, problem } = readRaw(setting, env);
    if (problem !== undefined) {
      problems.push(problem);
      continue;
    }
    if (setting.secret && raw !== undefined) secrets.push(raw);
    const parsed = setting.schema.safeParse(raw);
    if (parsed.success) config[key] = parsed.data;
    else if (raw === undefined) problems.push(`${setting.env} is not set: ${setting.description}`);
    else {
      const shown = setting.secret ? 'its value' : `"${raw}"`;
      const reasons = parsed.error.issues.map((issue) => issue.message).join('; ');
      problems.push(`${setting.env}: ${shown} is not valid (${reasons}). ${setting.description}`);
    }
  }
  if (problems.length > 0) throw new ConfigError(definition.service, problems);
  return { config: config as ConfigOf<S>, secrets };
}
