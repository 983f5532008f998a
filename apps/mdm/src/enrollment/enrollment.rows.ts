import type { EnrollmentState, PushState } from '@espalier/contracts';

/** A row of `enrollment`. */
export interface EnrollmentRow {
  readonly id: string;
  readonly kind: 'device' | 'user';
  readonly device_id: string;
  readonly state: EnrollmentState;
  readonly fingerprint: string | null;
  readonly topic: string | null;
  readonly serial_number: string | null;
  readonly device_name: string | null;
  readonly model: string | null;
  readonly model_name: string | null;
  readonly product_name: string | null;
  readonly os_version: string | null;
  readonly build_version: string | null;
  readonly user_short_name: string | null;
  readonly authenticated_at: number;
  readonly enrolled_at: number | null;
  readonly removed_at: number | null;
}

/** A row of `enrollment` with what other tables know of it. */
export interface EnrollmentDetailRow extends EnrollmentRow {
  readonly push_state: PushState | null;
  readonly not_after: number | null;
  readonly seen_at: number | null;
  readonly device_fingerprint: string | null;
}
