/** A setting that cannot be meant. Its message says which, and what it may be. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}
