export { SecretsError, type SecretsErrorReason } from './secrets.error.js';
export { createKeyring, type KeyEncryptionKey, type Keyring, type SecretContext } from './keyring.js';
export {
  createKeyringFile,
  loadKeyring,
  rotateKeyringFile,
  type LoadKeyringOptions,
} from './keyring-file.js';
