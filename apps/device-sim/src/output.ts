import type { DeviceEvent, DeviceStatus } from '@espalier/sim-devices';

/** Where lines go. */
export type WriteLine = (line: string) => void;

/** Tells what happens, to people or to programs. */
export interface Output {
  event(event: DeviceEvent): void;
  status(devices: readonly DeviceStatus[]): void;
  /** A fact about the whole run: `online`, `summary` … */
  note(kind: string, text: string, facts: Readonly<Record<string, unknown>>): void;
}

/** One JSON object per line. */
export function jsonOutput(write: WriteLine): Output {
  return {
    event: (event) => write(JSON.stringify(event)),
    status: (devices) => devices.forEach((device) => write(JSON.stringify({ kind: 'status', ...device }))),
    note: (kind, _text, facts) => write(JSON.stringify({ kind, ...facts })),
  };
}

/** Lines for people. */
export function readableOutput(write: WriteLine): Output {
  return {
    event: (event) => {
      const { serial, name } = event.device;
      write(`${event.at.slice(11, 19)}  ${serial}  ${name.padEnd(20)}  ${describe(event)}`);
    },
    status: (devices) => {
      for (const { serial, name, model, osVersion, phase, removedBecause, executions, pending } of devices) {
        const because = removedBecause === undefined ? '' : ` (${removedBecause})`;
        const waits = pending === undefined ? '' : `, result waits: ${pending}`;
        write(
          `${serial}  ${name.padEnd(20)}  ${model.padEnd(15)}  ${osVersion.padEnd(7)}  ${phase}${because}, ${executions} reports${waits}`,
        );
      }
    },
    note: (_kind, text) => write(text),
  };
}

function describe(event: DeviceEvent): string {
  switch (event.kind) {
    case 'enrolling':
      return 'enrols';
    case 'certified':
      return `has its certificate ${event.fingerprint.slice(0, 16)}, good until ${event.notAfter.slice(0, 10)}`;
    case 'enrolled':
      return `is managed (${event.ms} ms)`;
    case 'token-updated':
      return 'has a new push token';
    case 'pushed':
      return 'was pushed';
    case 'command':
      return `did ${event.requestType}: ${event.status}`;
    case 'result':
      return `reported ${event.requestType} ${event.commandUuid}`;
    case 'profile-installed':
      return event.by === 'user' ? `a person installed ${event.identifier}` : `has ${event.identifier} now`;
    case 'profile-removed':
      return event.by === 'user' ? `A PERSON REMOVED ${event.identifier}` : `has ${event.identifier} no more`;
    case 'declaration-applied':
      return `follows ${event.declarationKind} ${event.identifier}`;
    case 'declaration-refused':
      return `cannot follow ${event.declarationKind} ${event.identifier}: ${event.codes.join(', ')}`;
    case 'declaration-removed':
      return `follows ${event.declarationKind} ${event.identifier} no more`;
    case 'status-reported':
      return `reported ${event.full ? 'all' : 'news'} of its declarations (${event.declarations})`;
    case 'user-enrolled':
      return `its user ${event.device.user ?? ''} is managed`;
    case 'changed':
      return `was changed: ${event.what}`;
    case 'idle':
      return `has nothing more to do (${event.commands} commands)`;
    case 'retry':
      return `tries again in ${event.waitMs} ms: ${event.message}`;
    case 'warning':
      return `WARNING ${event.code}: ${event.message}`;
    case 'error':
      return `ERROR ${event.code}: ${event.message}`;
    case 'removed':
      return `IS NOT MANAGED ANY MORE: ${event.reason}`;
  }
}
