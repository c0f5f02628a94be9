/* Written by `make contracts` from suite.accounts.contract: change it there. */

export interface Colleague {
  id: string;
  name: string;
  email: string;
  unit: string;
}
