import {
  commandCompleted,
  declarationsReported,
  enrollmentAuthenticated,
  enrollmentEnrolled,
  enrollmentRemoved,
  deviceReported,
  profilesReported,
} from '../mdm/mdm.events.js';
import {
  getCommand,
  getEnrollment,
  requestInventory,
  setDeclarations,
  submitCommand,
} from '../mdm/mdm.rpc.js';
import { defineServiceInterface } from '../messaging/service-interface.js';
import {
  deploymentChanged,
  maintenanceWindowsChanged,
  mdmPolicyStatusReported,
  policyStatesReported,
  scopeDropped,
  scopeMembersChanged,
} from './policy.events.js';
import {
  compareScopes,
  correctScopes,
  correctWindows,
  evaluatePolicy,
  explainPolicy,
  getPolicyContent,
  getPolicyDeployment,
  listPolicyDeployments,
  republishScope,
} from './policy.rpc.js';

/** What the mdm-policy service says and hears over NATS. */
export const mdmPolicyInterface = defineServiceInterface({
  service: 'mdm-policy',
  serves: [explainPolicy, evaluatePolicy],
  calls: [
    getPolicyDeployment,
    listPolicyDeployments,
    getPolicyContent,
    republishScope,
    compareScopes,
    correctScopes,
    correctWindows,
    submitCommand,
    setDeclarations,
    requestInventory,
    getEnrollment,
    getCommand,
  ],
  publishes: [policyStatesReported, mdmPolicyStatusReported],
  consumes: [
    { durable: 'enrollments', events: [enrollmentAuthenticated, enrollmentEnrolled, enrollmentRemoved] },
    { durable: 'inventory', events: [deviceReported, profilesReported] },
    { durable: 'declarations', events: [declarationsReported] },
    { durable: 'commands', events: [commandCompleted] },
    { durable: 'deployments', events: [deploymentChanged] },
    { durable: 'scopes', events: [scopeMembersChanged, scopeDropped, maintenanceWindowsChanged] },
  ],
});
