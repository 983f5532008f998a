/** A device as lists have it. */
export const device = {
  resourceId: 16_777_219,
  name: 'LAB-01',
  serialNumber: 'C02AAA',
  state: 'active',
};

/** An operation as the API has it. @param tasks how many are in which state */
export const operationOf = (kind: string, tasks: object, more: object = {}) => ({
  id: 4_711,
  kind,
  title: 'CMPivot query',
  collectionId: null,
  scriptId: null,
  scriptVersion: null,
  sha256: null,
  applicationId: null,
  jobId: null,
  requestedBy: 'anna',
  requestedAt: 0,
  expiresAt: 0,
  tasks: {
    waiting: 0,
    fetched: 0,
    succeeded: 0,
    failed: 0,
    expired: 0,
    cancelled: 0,
    'requirements-not-met': 0,
    ...tasks,
  },
  ...more,
});
