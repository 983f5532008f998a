import type { Registry } from 'prom-client';
import { baseSettings } from './config/base.config.js';
import { configHelp } from './config/config-help.js';
import {
  ConfigError,
  defineConfig,
  loadConfig,
  type ConfigDefinition,
  type ConfigOf,
  type Settings,
} from './config/config.js';
import { Health } from './health/health.js';
import { ManagementServer } from './health/management.server.js';
import { Lifecycle } from './lifecycle/lifecycle.js';
import { createLogger, type Logger } from './logging/logger.js';
import { createMetrics } from './metrics/metrics.js';

/** `EX_CONFIG` of sysexits.h: a supervisor need not try again with the same configuration. */
const EXIT_CONFIG = 78;

type BaseSettings = typeof baseSettings;

/** What a service gets to start with. */
export interface ServiceKit<Config> {
  readonly service: string;
  readonly config: Config & ConfigOf<BaseSettings>;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly health: Health;
  readonly lifecycle: Lifecycle;
}

/** A definition with the settings that every service has. */
export function withBaseSettings<S extends Settings>(
  definition: ConfigDefinition<S>,
): ConfigDefinition<S & BaseSettings> {
  return defineConfig({ service: definition.service, settings: { ...definition.settings, ...baseSettings } });
}

/**
 * Starts a service: reads its configuration, opens the management port, runs `start`, and stops it on SIGTERM or
 * SIGINT in the phases of {@link Lifecycle}. Ends the process with 78 where the configuration is wrong, with 1
 * where the start fails. `--help` prints the settings.
 */
export async function bootstrap<S extends Settings>(
  definition: ConfigDefinition<S>,
  start: (kit: ServiceKit<ConfigOf<S>>) => Promise<void>,
): Promise<void> {
  const whole = withBaseSettings(definition);
  if (process.argv.includes('--help')) {
    process.stdout.write(configHelp(whole));
    return;
  }
  const kit = createKit(whole, process.env);
  const { logger, lifecycle, health } = kit;
  stopOnSignals(lifecycle, logger);
  try {
    const management = await ManagementServer.start({
      host: kit.config.managementHost,
      port: kit.config.managementPort,
      health,
      metrics: kit.metrics,
    });
    lifecycle.onShutdown('intake', 'readiness', () => health.markStopping());
    lifecycle.onShutdown('connections', 'management port', () => management.close());
    await start(kit);
    logger.info({ managementPort: management.port, pid: process.pid, node: process.version }, 'started');
    process.send?.({ event: 'started', managementPort: management.port });
  } catch (error) {
    logger.fatal({ err: error }, 'the service could not start');
    await lifecycle.shutdown('the start failed');
    process.exit(1);
  }
}

function createKit<S extends Settings & BaseSettings>(
  definition: ConfigDefinition<S>,
  env: NodeJS.ProcessEnv,
): ServiceKit<ConfigOf<S>> {
  const { config, secrets } = readConfigOrExit(definition, env);
  const base = config as ConfigOf<S> & ConfigOf<BaseSettings>;
  const logger = createLogger({
    service: definition.service,
    replica: base.replica,
    level: base.logLevel,
    secrets,
  });
  return {
    service: definition.service,
    config: base,
    logger,
    metrics: createMetrics(definition.service),
    health: new Health(),
    lifecycle: new Lifecycle({ logger, graceMs: base.shutdownGraceSeconds * 1_000 }),
  };
}

function readConfigOrExit<S extends Settings>(
  definition: ConfigDefinition<S>,
  env: NodeJS.ProcessEnv,
): ReturnType<typeof loadConfig<S>> {
  try {
    return loadConfig(definition, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

function stopOnSignals(lifecycle: Lifecycle, logger: Logger): void {
  const stop = (reason: string): void => {
    void lifecycle.shutdown(reason).then(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
  // A supervisor that started us with a channel and died must not leave us behind.
  if (process.send !== undefined) process.on('disconnect', () => stop('the supervisor is gone'));
  const die = (error: unknown, origin: string): void => {
    logger.fatal({ err: error, origin }, 'an error that nothing handled');
    process.exit(1);
  };
  process.on('uncaughtException', (error) => die(error, 'uncaughtException'));
  process.on('unhandledRejection', (error) => die(error, 'unhandledRejection'));
}
