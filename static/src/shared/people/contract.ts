/** What `/api/colleagues/` answers of a person. */
export interface Colleague {
  id: string;
  name: string;
  email: string;
  unit: string;
}
