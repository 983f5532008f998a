import type { DevicePlatform } from '../identity/device-identity.js';
import { keyOf } from './declaration-documents.js';
import type { HeldDeclaration } from './declaration-state.js';
import { supportOf } from './declaration-types.js';

/** Why a declaration is not active or not valid; codes are those of declarationbase.yaml. */
export interface StatusReason {
  readonly code: string;
  readonly description: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** An entry of `StatusItems.management.declarations`. */
export interface DeclarationStatus {
  readonly declaration: HeldDeclaration;
  readonly active: boolean;
  readonly valid: 'valid' | 'invalid' | 'unknown';
  readonly reasons: readonly StatusReason[];
}

interface System {
  readonly platform: DevicePlatform;
  readonly osVersion: string;
}

/** Whether the device cannot do what a declaration says; not all of that makes it invalid. */
export function hasErrors({ reasons }: Pick<DeclarationStatus, 'reasons'>): boolean {
  return reasons.some(({ code }) => code.startsWith('Error.'));
}

type Verdict = Omit<DeclarationStatus, 'declaration'>;

const fine: Verdict = { active: true, valid: 'valid', reasons: [] };

/**
 * How declarations stand on a system. A configuration is active if it is right by itself and a valid activation
 * names it; an asset, if an active configuration refers to it; a management declaration never is, it only counts.
 */
export function evaluateDeclarations(
  declarations: readonly HeldDeclaration[],
  system: System,
  deactivated: ReadonlySet<string> = new Set(),
): ReadonlyMap<string, DeclarationStatus> {
  const statuses = new Map<string, DeclarationStatus>();
  const judge = (kind: HeldDeclaration['kind'], verdict: (one: HeldDeclaration) => Verdict): void => {
    for (const declaration of declarations)
      if (declaration.kind === kind)
        statuses.set(keyOf(declaration), {
          declaration,
          ...(flaw(declaration, system) ??
            (deactivated.has(keyOf(declaration)) ? switchedOff(declaration) : verdict(declaration))),
        });
  };
  const ofKind = (kind: HeldDeclaration['kind']): Set<string> =>
    new Set(declarations.filter((one) => one.kind === kind).map(({ identifier }) => identifier));

  const [configurations, assets] = [ofKind('configuration'), ofKind('asset')];
  judge('activation', (one) => activationVerdict(one, configurations));
  const activations = [...statuses.values()];
  judge('configuration', (one) => configurationVerdict(one, activations, assets));
  const inUse = [...statuses.values()].filter(
    ({ active, declaration }) => active && declaration.kind === 'configuration',
  );
  const referenced = new Set(inUse.flatMap(({ declaration }) => assetReferences(declaration.payload)));
  judge('asset', (one) =>
    referenced.has(one.identifier)
      ? fine
      : idle(
          one,
          'Info.NotReferencedByConfiguration',
          `Asset ${label(one)} is not in use by a configuration.`,
        ),
  );
  judge('management', () => ({ ...fine, active: false }));
  return statuses;
}

/** What is wrong with a declaration by itself. */
function flaw(one: HeldDeclaration, { platform, osVersion }: System): Verdict | undefined {
  if (one.problem !== undefined)
    return wrong(one, 'Error.InvalidPayload', `${label(one)} has no good payload: ${one.problem}.`);
  const support = supportOf(one.type, platform, osVersion);
  if (support === 'unknown')
    return invalid('Error.UnknownDeclarationType', 'This type is not known.', {
      UnknownDeclarationType: one.type,
    });
  if (support === 'not-supported')
    return wrong(one, 'Error.ConfigurationNotSupported', `${label(one)} is not for this platform.`);
  const missing = support.required.filter((key) => !Object.hasOwn(one.payload, key));
  if (missing.length === 0) return undefined;
  const Error = `Missing: ${missing.join(', ')}`;
  return one.kind === 'configuration'
    ? invalid('Error.ConfigurationCannotBeDeserialized', `${label(one)} is not valid.`, { Error })
    : wrong(one, 'Error.InvalidPayload', `${label(one)} has no good payload. ${Error}.`);
}

function activationVerdict(one: HeldDeclaration, configurations: ReadonlySet<string>): Verdict {
  const named = namedConfigurations(one);
  if (named === undefined)
    return wrong(one, 'Error.InvalidPayload', `${label(one)}: StandardConfigurations must be texts.`);
  const predicate = one.payload['Predicate'];
  if (predicate !== undefined && predicate !== 'TRUEPREDICATE') {
    const details = { ...identity(one), Predicate: predicate };
    if (predicate === 'FALSEPREDICATE')
      return {
        active: false,
        valid: 'valid',
        reasons: [reason('Info.Predicate', `The predicate of ${label(one)} is false.`, details)],
      };
    return failedActivation(
      'Error.UnableToEvaluatePredicate',
      `The predicate of ${label(one)} was not evaluated.`,
      details,
    );
  }
  const missing = named.filter((identifier) => !configurations.has(identifier));
  if (missing.length === 0) return fine;
  return failedActivation(
    'Error.MissingConfigurations',
    `${label(one)} names configurations that are not there.`,
    { ...identity(one), ConfigurationIdentifiers: missing.sort().join(', ') },
  );
}

function configurationVerdict(
  one: HeldDeclaration,
  activations: readonly DeclarationStatus[],
  assets: ReadonlySet<string>,
): Verdict {
  const missing = assetReferences(one.payload).filter((identifier) => !assets.has(identifier));
  if (missing.length > 0)
    return invalid('Error.MissingAssets', `${label(one)} refers to assets that are not there.`, {
      ...identity(one),
      AssetIdentifiers: missing.sort().join(', '),
    });
  const naming = activations.filter(({ declaration }) =>
    namedConfigurations(declaration)?.includes(one.identifier),
  );
  if (naming.some(({ active }) => active)) return fine;
  const failed = naming.find(hasErrors);
  if (failed === undefined)
    return idle(one, 'Info.NotReferencedByActivation', `No activation in force names ${label(one)}.`);
  return {
    active: false,
    valid: 'unknown',
    reasons: [
      reason(
        'Error.ActivationFailed',
        `Activation ${label(failed.declaration)} has errors.`,
        identity(failed.declaration),
      ),
    ],
  };
}

function namedConfigurations({ payload }: HeldDeclaration): string[] | undefined {
  const named = payload['StandardConfigurations'];
  return Array.isArray(named) && named.every((one) => typeof one === 'string') ? named : undefined;
}

/** The values of all keys that end as Apple's references to assets do, at any depth. */
function assetReferences(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(assetReferences);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (!/AssetReferences?$/.test(key)) return assetReferences(inner);
    return [inner].flat().filter((one): one is string => typeof one === 'string');
  });
}

function identity({ identifier, serverToken }: HeldDeclaration): Readonly<Record<string, string>> {
  return { Identifier: identifier, ServerToken: serverToken };
}

function label({ identifier, serverToken }: HeldDeclaration): string {
  return `${identifier}:${serverToken}`;
}

function reason(code: string, description: string, details: StatusReason['details']): StatusReason {
  return { code, description, details };
}

function invalid(code: string, description: string, details: StatusReason['details']): Verdict {
  return { active: false, valid: 'invalid', reasons: [reason(code, description, details)] };
}

/** The declaration is right by itself, and devices call it valid; what it asks for cannot be had. */
function failedActivation(code: string, description: string, details: StatusReason['details']): Verdict {
  return { active: false, valid: 'valid', reasons: [reason(code, description, details)] };
}

function wrong(one: HeldDeclaration, code: string, description: string): Verdict {
  return invalid(code, description, identity(one));
}

/** As where what the declaration asks for was undone on the device. */
function switchedOff(one: HeldDeclaration): Verdict {
  return {
    active: false,
    valid: 'valid',
    reasons: [reason('Error.ConfigurationCannotBeApplied', `${label(one)} was switched off.`, identity(one))],
  };
}

/** Nothing is wrong, and nobody asks for it. */
function idle(one: HeldDeclaration, code: string, description: string): Verdict {
  return { active: false, valid: 'unknown', reasons: [reason(code, description, identity(one))] };
}
