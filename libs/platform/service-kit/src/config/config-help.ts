import type { ConfigDefinition, Setting } from './config.js';

/** One row of the settings table in docs/operations.md. */
export interface SettingRow {
  readonly env: string;
  readonly description: string;
  readonly secret: boolean;
  /** The default as text; undefined where the variable must be given. */
  readonly defaultText: string | undefined;
}

function defaultOf(setting: Setting): string | undefined {
  const parsed = setting.schema.safeParse(undefined);
  if (!parsed.success) return undefined;
  if (parsed.data === undefined) return '(none)';
  const { data } = parsed;
  if (Array.isArray(data)) return data.join(',') || '(empty)';
  return typeof data === 'string' ? data : JSON.stringify(data);
}

/** The settings of a service as rows, in the order in which they are declared. */
export function describeSettings(definition: ConfigDefinition): SettingRow[] {
  return Object.values(definition.settings).map((setting) => ({
    env: setting.env,
    description: setting.description,
    secret: setting.secret,
    defaultText: defaultOf(setting),
  }));
}

/** What `--help` of a service prints. */
export function configHelp(definition: ConfigDefinition): string {
  const rows = describeSettings(definition).map(({ env, description, secret, defaultText }) => {
    const facts = [
      defaultText === undefined ? 'required' : `default ${defaultText}`,
      ...(secret ? ['secret'] : []),
    ];
    return `  ${env}  (${facts.join(', ')})\n      ${description}`;
  });
  return [`${definition.service} is configured by environment variables:`, '', ...rows, ''].join('\n');
}
