import { createPrivateKey } from 'node:crypto';
import type { Logger } from 'pino';
import { z } from 'zod';

import type { AppleRoom } from './apple-room.js';
import { ApnsRoom } from './apns/apns.room.js';
import { startJsonServer, type JsonServer, type Route } from './http/json-server.js';
import { createDevCa, issuePushCertificate, issueServerCertificate, type PemPair } from './pki/dev-pki.js';
import { StateFile } from './state-file.js';

/** As Apple's push certificates: valid for a year. */
const PUSH_CERTIFICATE_DAYS = 365;

/** Every setting of the simulator; the defaults are listed in README.md. */
export interface AppleSimOptions {
  /** Address of all listeners. Default 127.0.0.1. */
  readonly host?: string;
  /** 0 (the default) takes any free port. */
  readonly apnsPort?: number;
  readonly devicePort?: number;
  readonly adminPort?: number;
  /** Devices and admins over HTTPS too. Default false: plain HTTP, for loopback only. */
  readonly tls?: boolean;
  /** DNS names and addresses in the generated server certificate, beside localhost. */
  readonly names?: readonly string[];
  /** CA that issues what is missing. Default: that of the state file, or a new one. */
  readonly ca?: PemPair;
  /** TLS server certificate. Default: issued by the CA. */
  readonly serverCertificate?: PemPair;
  /** PEM of the CAs whose push certificates are accepted. Default: the simulator's own CA. */
  readonly clientCa?: string;
  /** HTTP/2 streams per connection. Default 1000, as Apple. */
  readonly maxConcurrentStreams?: number;
  /** Length of device tokens. Default 32. */
  readonly tokenBytes?: number;
  /** Where tokens, pending pushes and the CA survive a restart. Default: nowhere. */
  readonly stateFile?: string;
  readonly logger?: Logger;
  readonly now?: () => Date;
}

/** A running simulator. */
export interface AppleSim {
  /** Endpoint of APNs for an MDM server, `https://…`. */
  readonly apnsUrl: string;
  /** Where simulated devices get tokens and wait. */
  readonly deviceUrl: string;
  /** Faults, status and certificates, for tests and demos. */
  readonly adminUrl: string;
  /** PEM of the simulator's CA: to be trusted by whoever calls it over TLS. */
  readonly ca: string;
  readonly apns: ApnsRoom;
  readonly faults: ApnsRoom['faults'];
  /** An MDM push certificate for a topic (`com.apple.mgmt.External.…`). Default validity: a year. */
  issuePushCertificate(topic: string, days?: number): PemPair;
  close(): Promise<void>;
}

const certificateRequest = z.object({
  topic: z.string().min(1).max(256),
  days: z.number().int().min(-3650).max(3650).default(PUSH_CERTIFICATE_DAYS),
});

function commonAdminRoutes(ca: string, issueCertificate: AppleSim['issuePushCertificate']): Route[] {
  return [
    { method: 'GET', path: /^\/ca\.pem$/, handle: () => ca },
    {
      method: 'POST',
      path: /^\/push-certificates$/,
      async handle(call) {
        const { topic, days } = await call.json(certificateRequest);
        return issueCertificate(topic, days);
      },
    },
  ];
}

/** Starts the stand-in for Apple's services. Today that is APNs; see {@link AppleRoom} for the next. */
export async function startAppleSim(options: AppleSimOptions = {}): Promise<AppleSim> {
  const { host = '127.0.0.1', now = () => new Date(), stateFile: path } = options;
  const earlier = path === undefined ? undefined : StateFile.load(path);
  const ca = options.ca ?? earlier?.ca ?? createDevCa(now());
  const signer = { certificate: ca.certificate, key: createPrivateKey(ca.key) };
  const names = new Set(['localhost', '127.0.0.1', '::1', ...(options.names ?? [])]);
  const server = options.serverCertificate ?? issueServerCertificate(signer, [...names], now());
  const issueCertificate = (topic: string, days = PUSH_CERTIFICATE_DAYS): PemPair =>
    issuePushCertificate(signer, topic, now(), days);

  const apns = new ApnsRoom({
    host,
    port: options.apnsPort ?? 0,
    server,
    clientCa: options.clientCa ?? ca.certificate,
    maxConcurrentStreams: options.maxConcurrentStreams ?? 1000,
    tokenBytes: options.tokenBytes ?? 32,
    now,
    logger: options.logger,
    changed: () => stateFile?.changed(),
  });
  const rooms: readonly AppleRoom[] = [apns];
  for (const room of rooms) {
    const state = earlier?.rooms[room.name];
    if (state !== undefined) room.restore(state);
  }
  const stateFile =
    path === undefined
      ? undefined
      : new StateFile(path, () => ({
          ca,
          rooms: Object.fromEntries(rooms.map((room) => [room.name, room.snapshot()])),
        }));
  stateFile?.write();

  const tls = options.tls === true ? { tls: server } : {};
  const serve = async (port: number | undefined, routes: readonly Route[]): Promise<JsonServer> => {
    const listening = await startJsonServer({ host, port: port ?? 0, ...tls, routes });
    opened.push(listening);
    return listening;
  };
  const opened: { close(): Promise<void> }[] = [];
  const closeAll = async (): Promise<void> => {
    await Promise.all(opened.map((listener) => listener.close()));
  };
  try {
    const apnsUrl = await apns.open();
    opened.push(...rooms);
    const devices = await serve(
      options.devicePort,
      rooms.flatMap((room) => room.deviceRoutes),
    );
    const admin = await serve(options.adminPort, [
      ...commonAdminRoutes(ca.certificate, issueCertificate),
      ...rooms.flatMap((room) => room.adminRoutes),
    ]);
    return {
      apnsUrl,
      deviceUrl: devices.url,
      adminUrl: admin.url,
      ca: ca.certificate,
      apns,
      faults: apns.faults,
      issuePushCertificate: issueCertificate,
      async close() {
        await closeAll();
        stateFile?.write();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
