/**
 * Host that the execute driver itself sends to, through whatever the package put around the shared functions: its own decoys
 * are meant to arrive there, and only there.
 */
export const driverHost = 'checkout.payments.test';

export function isDriverHost(host: string | undefined): boolean {
  return host === driverHost || host?.endsWith(`.${driverHost}`) === true;
}
