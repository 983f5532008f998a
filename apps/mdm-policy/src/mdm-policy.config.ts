import {
  databaseSettings,
  defineConfig,
  fields,
  natsSettings,
  setting,
  type ConfigOf,
} from '@espalier/service-kit';

/** Every setting of the mdm-policy service. */
export const mdmPolicyConfig = defineConfig({
  service: 'mdm-policy',
  settings: {
    ...databaseSettings,
    ...natsSettings,
    evaluationHours: setting('ESPALIER_POLICY_EVALUATION_HOURS', fields.count(6), {
      description: 'Hours after which a device with managed profiles is asked again what it has.',
    }),
    commandsPerMinute: setting('ESPALIER_POLICY_COMMANDS_PER_MINUTE', fields.count(120_000), {
      description:
        'Commands that each replica hands to the MDM service per minute at most; a quarter of it at once.',
    }),
  },
});

export type MdmPolicyConfig = ConfigOf<typeof mdmPolicyConfig.settings>;
