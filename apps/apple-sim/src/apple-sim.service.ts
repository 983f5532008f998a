import { readFileSync } from 'node:fs';
import type { ServiceKit } from '@espalier/service-kit';
import { startAppleSim, type AppleSim, type AppleSimOptions, type PemPair } from '@espalier/sim-apple';

import type { AppleSimConfig } from './apple-sim.config.js';
import { registerAppleSimMetrics } from './apple-sim.metrics.js';

/** Both files of a pair, or neither. */
function readPair(
  name: string,
  certificate: string | undefined,
  key: string | undefined,
): PemPair | undefined {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    throw new Error(`${name}: give both the certificate file and the key file.`);
  }
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}

/** The simulator's options from the environment; files are read here. */
function toOptions(config: AppleSimConfig): AppleSimOptions {
  const { host, apnsPort, devicePort, adminPort, tls, names, maxConcurrentStreams, stateFile } = config;
  const ca = readPair('ESPALIER_APPLE_SIM_CA', config.caCertificateFile, config.caKeyFile);
  const server = readPair('ESPALIER_APPLE_SIM_SERVER', config.serverCertificateFile, config.serverKeyFile);
  const clientCa = config.clientCaFile === undefined ? undefined : readFileSync(config.clientCaFile, 'utf8');
  return {
    host,
    apnsPort,
    devicePort,
    adminPort,
    tls,
    names,
    maxConcurrentStreams,
    ...(stateFile !== undefined && { stateFile }),
    ...(ca !== undefined && { ca }),
    ...(server !== undefined && { serverCertificate: server }),
    ...(clientCa !== undefined && { clientCa }),
  };
}

/** Logs the figures now and then, where they changed: what a demo or a load run wants to see. */
function logSummaries({ logger, lifecycle, config }: ServiceKit<AppleSimConfig>, sim: AppleSim): void {
  if (config.summarySeconds === 0) return;
  let last = '';
  const timer = setInterval(() => {
    const figures = sim.apns.status();
    const text = JSON.stringify(figures);
    if (text !== last) logger.info(figures, 'APNs stand-in');
    last = text;
  }, config.summarySeconds * 1000);
  lifecycle.onShutdown('intake', 'summaries', () => clearInterval(timer));
}

/** Starts the stand-ins for Apple's services as a service of its own. */
export async function startAppleSimService(kit: ServiceKit<AppleSimConfig>): Promise<void> {
  const { logger, lifecycle, metrics } = kit;
  const sim = await startAppleSim({ ...toOptions(kit.config), logger });
  lifecycle.onShutdown('connections', 'simulator', () => sim.close());
  registerAppleSimMetrics(metrics, sim);
  logSummaries(kit, sim);
  logger.info({ apns: sim.apnsUrl, devices: sim.deviceUrl, admin: sim.adminUrl }, 'Apple simulator listens');
}
