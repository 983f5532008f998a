import { z } from 'zod';

const identity = z.object({
  udid: z.string(),
  serial: z.string().regex(/^[0-9A-Z]{6,32}$/),
  name: z.string(),
  platform: z.enum(['mac', 'iphone', 'ipad']),
  model: z.string(),
  wifiMac: z.string(),
  bluetoothMac: z.string(),
  ethernetMac: z.string(),
  imei: z.string().exactOptional(),
});

const pendingResult = z.object({
  execution: z.number().int(),
  commandUuid: z.string(),
  requestType: z.string(),
  status: z.enum(['Acknowledged', 'Error', 'CommandFormatError', 'NotNow']),
  /** The body to send, base64: the very same bytes until the server takes them. */
  report: z.string(),
  /** What follows once the server has the result. */
  after: z.enum(['erase', 'remove-enrollment']).exactOptional(),
  /** How often the server refused it (4xx). */
  refusals: z.number().int().default(0),
});

/** A command's result that the server has not taken yet. */
export type PendingResult = z.output<typeof pendingResult>;

/** A profile on the device; its bytes are the file of that name under `profiles/`. */
const installedProfile = z.object({
  identifier: z.string(),
  uuid: z.string(),
  file: z.string(),
  /** Installed by the server; false where a person did. */
  managed: z.boolean().default(true),
});

/** A person with a managed account on a Mac. */
const macUser = z.object({ id: z.string(), shortName: z.string(), longName: z.string() });
export type MacUser = z.output<typeof macUser>;

/** An application that a person put on the device, beside those it has from the start. */
const addedApplication = z.object({ identifier: z.string(), name: z.string(), version: z.string() });
export type AddedApplication = z.output<typeof addedApplication>;

/** Facts that were changed since the device was made; all others follow from its serial number. */
export const factChanges = z
  .object({
    name: z.string().min(1).max(63).exactOptional(),
    osVersion: z
      .string()
      .regex(/^\d{1,3}(\.\d{1,3}){1,2}$/)
      .exactOptional(),
    buildVersion: z
      .string()
      .regex(/^\d{1,3}[A-Z]\d{1,5}[a-z]?$/)
      .exactOptional(),
    timeZone: z.string().min(1).max(64).exactOptional(),
    isSupervised: z.boolean().exactOptional(),
    availableGb: z.number().min(0).max(100_000).exactOptional(),
    batteryLevel: z.number().min(0).max(1).exactOptional(),
    fileVault: z.boolean().exactOptional(),
    firewall: z.boolean().exactOptional(),
    passcode: z.boolean().exactOptional(),
  })
  .strict();
export type FactChanges = z.output<typeof factChanges>;

const declarative = z.object({
  /** Declarations are to be synchronised. */
  sync: z.boolean(),
  /** The DeclarationsToken that came with the command. */
  token: z.string().exactOptional(),
  /** When the server took the last full status report, epoch ms. */
  fullReportAt: z.number().exactOptional(),
});

export const deviceState = z.object({
  version: z.literal(1),
  identity,
  /**
   * `new` has no profile or no identity yet, `certified` has its certificate, `authenticated` was let in,
   * `enrolled` is managed, `removed` is not any more.
   */
  phase: z.enum(['new', 'certified', 'authenticated', 'enrolled', 'removed']),
  removedBecause: z.string().exactOptional(),
  /** Hex. */
  pushToken: z.string().exactOptional(),
  pushMagic: z.string().exactOptional(),
  /** Base64. */
  unlockToken: z.string().exactOptional(),
  /** The user channel whose state this is; absent for the device channel. */
  user: macUser.exactOptional(),
  profiles: z.array(installedProfile),
  applications: z.array(addedApplication).default([]),
  facts: factChanges.default({}),
  /** There once the server has turned declarative management on. */
  declarative: declarative.exactOptional(),
  locked: z.boolean(),
  /** Reports made so far, NotNow included; the last one is the last line of the journal. */
  executions: z.number().int(),
  pending: pendingResult.exactOptional(),
});

/** Everything about a device that changes, apart from its key, certificate and profiles. */
export type DeviceState = z.output<typeof deviceState>;

const journalEntry = z.object({
  execution: z.number().int(),
  commandUuid: z.string(),
  requestType: z.string(),
  status: pendingResult.shape.status,
  at: z.string(),
});

/** A line of `commands.ndjson`: one report that the device made. */
export type JournalEntry = z.output<typeof journalEntry>;

/** Reads a journal. A last line without its end is left out: {@link DeviceFolder} writes it again. */
export function parseJournal(text: string): JournalEntry[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => journalEntry.parse(JSON.parse(line)));
}
