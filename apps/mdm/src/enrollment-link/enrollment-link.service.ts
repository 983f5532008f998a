import {
  buildEnrollmentProfile,
  encodeProfile,
  signProfile,
  type ProfileSigner,
} from '@espalier/config-profile';
import {
  defineErrors,
  mdmErrors,
  type createEnrollmentLink,
  type EnrollmentLink,
  type revokeEnrollmentLink,
} from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { fingerprint } from '@espalier/x509';
import type { z } from 'zod';
import { secretHash } from '../identity/identity.service.js';
import type { CertificateAuthority } from '../scep/certificate-authority.js';
import type { ScepStore } from '../scep/scep.store.js';
import type { EnrollmentLinkRow, EnrollmentLinkStore, LinkQuery } from './enrollment-link.store.js';

export const enrollmentLinkErrors = defineErrors({
  ESP_MDM_LINK_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such enrolment link.',
    mend: 'Ask your administrator for a new one.',
  },
  ESP_MDM_LINK_OVER: {
    status: 410,
    level: 'info',
    title: 'This enrolment link has expired or is used up.',
    mend: 'Ask your administrator for a new one.',
  },
  ESP_MDM_LINK_REVOKED: {
    status: 410,
    level: 'info',
    title: 'This enrolment link was revoked.',
    mend: 'Ask your administrator for a new one.',
  },
});

export interface EnrollmentLinkServiceOptions {
  readonly db: Database;
  readonly links: EnrollmentLinkStore;
  readonly scep: ScepStore;
  readonly signer: ProfileSigner;
  readonly organization: string;
  readonly site: string;
  /** https, without a slash at the end. */
  readonly deviceUrl: string;
  /** DER of certificates that devices are made to trust. */
  readonly trustedCertificates: readonly Buffer[];
  readonly ca: CertificateAuthority;
  readonly signMessage: boolean;
  readonly challengeSeconds: number;
  readonly topic: () => string;
  readonly now: () => Date;
  readonly uuid: () => string;
  readonly randomBytes: (size: number) => Buffer;
}

type LinkRequest = z.output<typeof createEnrollmentLink.request>;
type MadeLink = z.output<typeof createEnrollmentLink.response>;
type Revocation = z.output<typeof revokeEnrollmentLink.request>;

/** 128 bits: cannot be guessed, fits in a link that a person can send. */
const TOKEN_BYTES = 16;

/** Hands out enrolment profiles, each with a SCEP challenge of its own. */
export class EnrollmentLinkService {
  constructor(private readonly options: EnrollmentLinkServiceOptions) {}

  async create(request: LinkRequest): Promise<MadeLink> {
    const { db, links, deviceUrl } = this.options;
    const token = this.options.randomBytes(TOKEN_BYTES).toString('base64url');
    const createdAt = this.options.now().getTime();
    const link = {
      id: this.options.uuid(),
      tokenHash: secretHash(token),
      maxUses: request.maxUses,
      signed: request.signed,
      createdAt,
      createdBy: request.createdBy,
      expiresAt: createdAt + request.expiresInSeconds * 1_000,
    };
    await db.transaction((tx) => links.insert(tx, link));
    const { id, maxUses, expiresAt } = link;
    return { id, url: `${deviceUrl}/mdm/enroll/${token}`, maxUses, expiresAt };
  }

  /** @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  async list(request: LinkQuery): Promise<{ items: EnrollmentLink[]; nextCursor?: string }> {
    const { rows, next } = await this.options.links.list(request, this.options.now().getTime());
    return { items: rows.map(toLink), ...(next !== undefined && { nextCursor: next }) };
  }

  /** @throws EspalierError ESP_MDM_ENROLLMENT_LINK_UNKNOWN */
  async get(id: string): Promise<EnrollmentLink> {
    return known(id, await this.options.links.find(this.options.db, id, this.options.now().getTime()));
  }

  /**
   * Nobody gets a profile under it any more, and the challenges of profiles that nobody has enrolled with yet are good
   * for nothing. Repeating it is harmless. @throws EspalierError ESP_MDM_ENROLLMENT_LINK_UNKNOWN
   */
  async revoke({ id, revokedBy }: Revocation): Promise<EnrollmentLink> {
    const { db, links, scep } = this.options;
    const now = this.options.now().getTime();
    return db.transaction(async (tx) => {
      // Whoever is being given a profile holds this row: that challenge is there before the others are withdrawn.
      await links.revoke(tx, id, revokedBy, now);
      await scep.withdraw(tx, id);
      return known(id, await links.find(tx, id, now));
    });
  }

  /**
   * A profile with a fresh challenge, for whoever has the link.
   * @throws EspalierError ESP_MDM_LINK_UNKNOWN, ESP_MDM_LINK_OVER, ESP_MDM_LINK_REVOKED
   */
  async issueProfile(token: string): Promise<Buffer> {
    const { db, links, scep, challengeSeconds } = this.options;
    const challenge = this.options.randomBytes(TOKEN_BYTES).toString('base64url');
    const now = this.options.now().getTime();
    const signed = await db.transaction(async (tx) => {
      const link = await links.byToken(tx, secretHash(token), now);
      if (link === undefined) throw enrollmentLinkErrors.ESP_MDM_LINK_UNKNOWN();
      if (link.state === 'revoked') throw enrollmentLinkErrors.ESP_MDM_LINK_REVOKED();
      if (!(await links.use(tx, link.id, now))) throw enrollmentLinkErrors.ESP_MDM_LINK_OVER();
      await scep.addChallenge(tx, {
        hash: secretHash(challenge),
        purpose: 'enroll',
        linkId: link.id,
        createdAt: now,
        expiresAt: now + challengeSeconds * 1_000,
      });
      return link.signed === 1;
    });
    const profile = encodeProfile(this.#profile(challenge));
    return signed ? signProfile(profile, this.options.signer) : profile;
  }

  #profile(challenge: string): ReturnType<typeof buildEnrollmentProfile> {
    const { organization, site, deviceUrl, trustedCertificates, ca, signMessage, topic } = this.options;
    return buildEnrollmentProfile({
      organization,
      displayName: `${organization} device management`,
      description: `Lets ${organization} manage this device.`,
      identifier: `io.espalier.${site.toLowerCase()}.enrollment`,
      serverUrl: `${deviceUrl}/mdm/connect`,
      checkInUrl: `${deviceUrl}/mdm/checkin`,
      topic: topic(),
      scep: {
        url: `${deviceUrl}/mdm/scep`,
        name: site,
        challenge,
        caFingerprint: Buffer.from(fingerprint(ca.certificate.raw), 'hex'),
        subject: [
          ['O', organization],
          // Filled in by the device, so that people can tell certificates apart.
          ['CN', '%SerialNumber%'],
        ],
      },
      caCertificates: trustedCertificates,
      signMessage,
      serverCapabilities: ['com.apple.mdm.per-user-connections'],
    });
  }
}

function known(id: string, row: EnrollmentLinkRow | undefined): EnrollmentLink {
  if (row === undefined) throw mdmErrors.ESP_MDM_ENROLLMENT_LINK_UNKNOWN({ detail: id });
  return toLink(row);
}

const toLink = (row: EnrollmentLinkRow): EnrollmentLink => ({
  id: row.id,
  state: row.state,
  maxUses: row.max_uses,
  uses: row.uses,
  signed: row.signed === 1,
  createdAt: row.created_at,
  createdBy: row.created_by,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
  revokedBy: row.revoked_by,
});
