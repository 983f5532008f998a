import type { PropertyRef } from '@espalier/conditions';
import { FILTER_ALIAS } from '@espalier/filter-expression';
import { lookUpProperty } from './entity.lookup.js';
import type { EntityModel } from './entity.model.js';
import { ODataError } from './odata.error.js';

/** What names mean in a filter. */
export interface Scope {
  property(name: string, at: number): PropertyRef;
}

/** Outside of `any` and `all`: properties of the entity. */
export class EntityScope implements Scope {
  constructor(private readonly entity: EntityModel) {}

  property(written: string, at: number): PropertyRef {
    const { name, isCollection, source } = lookUpProperty(this.entity, written, at);
    if (isCollection === true) throw problem(`${name} is a list: write ${name}/any(x: x eq …).`, at);
    if (source === undefined) throw problem(`${name} cannot be asked for in a filter.`, at);
    return { kind: 'property', alias: FILTER_ALIAS, property: { ...source, name } };
  }
}

/** Inside: the variable that stands for the elements, and nothing else. */
export class ElementScope implements Scope {
  constructor(
    private readonly variable: string,
    private readonly element: PropertyRef,
  ) {}

  property(name: string, at: number): PropertyRef {
    if (name.toLowerCase() === this.variable.toLowerCase()) return this.element;
    throw problem(`Inside of any and all only ${this.variable} can be asked for.`, at);
  }
}

/** What is wrong with a filter, and where. */
export const problem = (text: string, at: number): ODataError => new ODataError(400, text, at);
