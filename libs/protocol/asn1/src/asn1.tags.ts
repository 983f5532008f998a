/** Universal tag numbers (X.680 §8.6) that PKI structures use. */
export const universalTag = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  null: 5,
  objectIdentifier: 6,
  enumerated: 10,
  utf8String: 12,
  sequence: 16,
  set: 17,
  numericString: 18,
  printableString: 19,
  teletexString: 20,
  ia5String: 22,
  utcTime: 23,
  generalizedTime: 24,
  visibleString: 26,
  universalString: 28,
  bmpString: 30,
} as const;

/** Tag classes as the top two bits of the identifier octet hold them (X.690 §8.1.2.2). */
export const tagClass = { universal: 0, application: 1, context: 2, private: 3 } as const;

/** One of the four tag classes. */
export type TagClass = (typeof tagClass)[keyof typeof tagClass];

/** Set in the identifier octet of an element that contains elements (X.690 §8.1.2.5). */
export const constructedBit = 0x20;
