// A picture of mirrored spheres, 48 by 36: many very small calls.
'use strict';

class Vector {
  constructor(x, y, z) {
    this.x = x;
    this.y = y;
    this.z = z;
  }
  plus(other) {
    return new Vector(this.x + other.x, this.y + other.y, this.z + other.z);
  }
  minus(other) {
    return new Vector(this.x - other.x, this.y - other.y, this.z - other.z);
  }
  times(factor) {
    return new Vector(this.x * factor, this.y * factor, this.z * factor);
  }
  dot(other) {
    return this.x * other.x + this.y * other.y + this.z * other.z;
  }
  length() {
    return Math.sqrt(this.dot(this));
  }
  unit() {
    return this.times(1 / this.length());
  }
}

class Sphere {
  constructor(centre, radius, colour, mirror) {
    this.centre = centre;
    this.radius = radius;
    this.colour = colour;
    this.mirror = mirror;
  }
  /** How far along the ray, or Infinity. */
  hit(from, direction) {
    const offset = from.minus(this.centre);
    const along = offset.dot(direction);
    const rest = along * along - offset.dot(offset) + this.radius * this.radius;
    if (rest < 0) return Infinity;
    const distance = -along - Math.sqrt(rest);
    return distance > 1e-4 ? distance : Infinity;
  }
  normal(point) {
    return point.minus(this.centre).unit();
  }
}

class Scene {
  constructor(spheres, light) {
    this.spheres = spheres;
    this.light = light;
  }
  nearest(from, direction) {
    let [found, distance] = [null, Infinity];
    for (const sphere of this.spheres) {
      const here = sphere.hit(from, direction);
      if (here < distance) [found, distance] = [sphere, here];
    }
    return { found, distance };
  }
  lit(point, normal) {
    const towards = this.light.minus(point).unit();
    if (this.nearest(point, towards).found) return 0.1;
    return Math.max(0.1, normal.dot(towards));
  }
  colour(from, direction, bounces) {
    const { found, distance } = this.nearest(from, direction);
    if (!found) return sky(direction);
    const point = from.plus(direction.times(distance));
    const normal = found.normal(point);
    const own = found.colour.times(this.lit(point, normal));
    if (bounces === 0 || found.mirror === 0) return own;
    const reflected = direction.minus(normal.times(2 * direction.dot(normal)));
    return own.times(1 - found.mirror).plus(this.colour(point, reflected, bounces - 1).times(found.mirror));
  }
}

function sky(direction) {
  return new Vector(0.3, 0.5, 0.9).times(0.5 + 0.5 * direction.y);
}

const scene = new Scene(
  [
    new Sphere(new Vector(0, -100, 5), 99, new Vector(0.4, 0.4, 0.4), 0.2),
    ...[-2, 0, 2].map((x, i) => new Sphere(new Vector(x, 0, 5 + i), 1, new Vector(0.9, 0.3 * i, 0.4), 0.4)),
  ],
  new Vector(-5, 8, -3),
);

exports.work = () => {
  const eye = new Vector(0, 0.5, -2);
  let brightness = 0;
  for (let y = 0; y < 36; y++) {
    for (let x = 0; x < 48; x++) {
      const direction = new Vector((x - 24) / 24, (18 - y) / 24, 1.5).unit();
      brightness += scene.colour(eye, direction, 3).length();
    }
  }
  return Math.round(brightness * 1e6);
};
