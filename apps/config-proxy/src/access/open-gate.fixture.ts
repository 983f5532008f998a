import { allApiScopes } from '@espalier/contracts';
import type { Gate } from '@espalier/nest-kit';
import type { Database } from '@espalier/persistence';
import type { FastifyRequest } from 'fastify';
import { SITE_ADMINISTRATOR_ID, type KnownAdministrator } from '../administrators/administrator.rows.js';
import { Rights } from '../roles/rights.js';
import { rememberCaller, type Caller, type Credential } from './caller.js';
import { Visibility } from './visibility.service.js';
import { VisibilityStore } from './visibility.store.js';

const rights = Rights.of([{ roleId: 'full-administrator', collectionIds: null }]);

export const specAdministrator: KnownAdministrator = {
  id: SITE_ADMINISTRATOR_ID,
  name: 'site',
  kind: 'service',
  isEnabled: true,
  assignments: [{ roleId: 'full-administrator', collectionIds: null }],
  rights,
};

/** Of a token that may do everything. */
export const specCredential: Credential = {
  administrator: specAdministrator,
  method: 'token',
  rights,
  expiresAt: null,
  token: {
    id: 'spec',
    name: 'spec',
    administratorId: SITE_ADMINISTRATOR_ID,
    madeBy: null,
    scopes: [...allApiScopes],
    hash: '',
    createdAt: 0,
    createdBy: 'spec',
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
  },
};

export const rememberOpenCaller = (request: FastifyRequest): Caller =>
  rememberCaller(request, specCredential);

/** Lets everybody in: who may do what is tested with the gate itself. */
export const openGate: Gate = {
  admit: (request) => {
    rememberOpenCaller(request);
    return Promise.resolve();
  },
};

/** Of callers of the open gate, who reach everything: mdm is not asked. */
export const visibilityOf = (db: Database): Visibility =>
  new Visibility({
    db,
    store: new VisibilityStore(),
    mdm: { ask: () => Promise.reject(new Error('there is no mdm here')) },
  });
