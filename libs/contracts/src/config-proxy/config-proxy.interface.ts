import { defineServiceInterface } from '../messaging/service-interface.js';
import * as mdmEvents from '../mdm/mdm.events.js';
import * as mdmRpc from '../mdm/mdm.rpc.js';
import * as policyEvents from '../policy/policy.events.js';
import * as policyRpc from '../policy/policy.rpc.js';
import * as siteEvents from './site.events.js';

/** What the config-proxy service says and hears over NATS. */
export const configProxyInterface = defineServiceInterface({
  service: 'config-proxy',
  serves: [
    policyRpc.getPolicyDeployment,
    policyRpc.listPolicyDeployments,
    policyRpc.getPolicyContent,
    policyRpc.republishScope,
    policyRpc.compareScopes,
    policyRpc.correctScopes,
    policyRpc.correctWindows,
  ],
  calls: [...Object.values(mdmRpc), policyRpc.explainPolicy, policyRpc.evaluatePolicy],
  publishes: [
    policyEvents.deploymentChanged,
    policyEvents.scopeMembersChanged,
    policyEvents.scopeDropped,
    policyEvents.maintenanceWindowsChanged,
    ...Object.values(siteEvents),
  ],
  consumes: [
    {
      durable: 'enrollments',
      events: [mdmEvents.enrollmentAuthenticated, mdmEvents.enrollmentEnrolled, mdmEvents.enrollmentRemoved],
    },
    {
      durable: 'inventory',
      events: [
        mdmEvents.deviceReported,
        mdmEvents.securityReported,
        mdmEvents.profilesReported,
        mdmEvents.applicationsReported,
      ],
    },
    { durable: 'presence', events: [mdmEvents.devicesSeen] },
    { durable: 'states', events: [policyEvents.policyStatesReported] },
    { durable: 'status', events: [mdmEvents.mdmStatusReported, policyEvents.mdmPolicyStatusReported] },
  ],
  // Last-seen times come by the thousand and are shown with each device.
  tails: [...Object.values(mdmEvents), ...Object.values(policyEvents), ...Object.values(siteEvents)].filter(
    (event) => event !== mdmEvents.devicesSeen,
  ),
});
