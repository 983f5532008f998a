import {
  buildEnrollmentProfile,
  encodeProfile,
  signProfile,
  type ProfileSigner,
} from '@espalier/config-profile';
import { defineErrors, type createEnrollmentLink } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { fingerprint } from '@espalier/x509';
import type { z } from 'zod';
import { secretHash } from '../identity/identity.service.js';
import type { CertificateAuthority } from '../scep/certificate-authority.js';
import type { ScepStore } from '../scep/scep.store.js';
import type { EnrollmentLinkStore } from './enrollment-link.store.js';

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
type Link = z.output<typeof createEnrollmentLink.response>;

/** 128 bits: cannot be guessed, fits in a link that a person can send. */
const TOKEN_BYTES = 16;

/** Hands out enrolment profiles, each with a SCEP challenge of its own. */
export class EnrollmentLinkService {
  constructor(private readonly options: EnrollmentLinkServiceOptions) {}

  async create(request: LinkRequest): Promise<Link> {
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

  /**
   * A profile with a fresh challenge, for whoever has the link.
   * @throws EspalierError ESP_MDM_LINK_UNKNOWN, ESP_MDM_LINK_OVER
   */
  async issueProfile(token: string): Promise<Buffer> {
    const { db, links, scep, challengeSeconds } = this.options;
    const challenge = this.options.randomBytes(TOKEN_BYTES).toString('base64url');
    const now = this.options.now().getTime();
    const signed = await db.transaction(async (tx) => {
      const link = await links.find(tx, secretHash(token));
      if (link === undefined) throw enrollmentLinkErrors.ESP_MDM_LINK_UNKNOWN();
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
