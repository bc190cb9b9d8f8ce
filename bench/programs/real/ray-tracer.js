// A picture of mirrored spheres, 48 by 36: many small calls.
'use strict';

class Vector {
  constructor(x, y, z) {
    this.x = x;
    this.y = y;
    this.z = z;
  }
  /** `this + other * factor` */
  plus(other, factor) {
    return new Vector(this.x + other.x * factor, this.y + other.y * factor, this.z + other.z * factor);
  }
  dot(other) {
    return this.x * other.x + this.y * other.y + this.z * other.z;
  }
  unit() {
    const length = Math.sqrt(this.x * this.x + this.y * this.y + this.z * this.z);
    return new Vector(this.x / length, this.y / length, this.z / length);
  }
}

class Sphere {
  constructor(centre, radius, colour, mirror) {
    this.centre = centre;
    this.radius = radius;
    this.colour = colour;
    this.mirror = mirror;
  }
  normal(point) {
    return point.plus(this.centre, -1).unit();
  }
  /** A chequered surface, by longitude and latitude. */
  colourAt(normal) {
    const around = Math.floor((Math.atan2(normal.z, normal.x) / Math.PI) * 8);
    const up = Math.floor((Math.asin(Math.max(-1, Math.min(1, normal.y))) / Math.PI) * 8);
    return this.colour * ((around + up) % 2 === 0 ? 1 : 0.6);
  }
}

class Scene {
  constructor(spheres, light) {
    this.spheres = spheres;
    this.light = light;
  }
  /** What the ray meets first, and how far along it. */
  nearest(from, direction) {
    let found = null;
    let distance = Infinity;
    for (const sphere of this.spheres) {
      const { centre, radius } = sphere;
      const [x, y, z] = [from.x - centre.x, from.y - centre.y, from.z - centre.z];
      const along = x * direction.x + y * direction.y + z * direction.z;
      const rest = along * along - (x * x + y * y + z * z) + radius * radius;
      if (rest < 0) continue;
      const here = -along - Math.sqrt(rest);
      if (here > 1e-4 && here < distance) [found, distance] = [sphere, here];
    }
    return { found, distance };
  }
  lit(point, normal, direction) {
    const towards = this.light.plus(point, -1).unit();
    if (this.nearest(point, towards).found) return 0.1;
    const between = towards.plus(direction, -1).unit();
    return Math.max(0.1, normal.dot(towards)) + Math.pow(Math.max(0, normal.dot(between)), 32.5);
  }
  brightness(from, direction, bounces) {
    const { found, distance } = this.nearest(from, direction);
    if (!found) return sky(direction);
    const point = from.plus(direction, distance);
    const normal = found.normal(point);
    const own = found.colourAt(normal) * this.lit(point, normal, direction);
    if (bounces === 0 || found.mirror === 0) return own;
    const reflected = direction.plus(normal, -2 * direction.dot(normal));
    return own * (1 - found.mirror) + this.brightness(point, reflected, bounces - 1) * found.mirror;
  }
}

/** Clouds: waves of four sizes. */
function sky(direction) {
  let brightness = 0.5;
  for (let size = 1; size <= 8; size *= 2) {
    brightness += (Math.sin(direction.x * 5 * size + size) * Math.cos(direction.y * 7 * size)) / (4 * size);
  }
  return brightness;
}

const scene = new Scene(
  [
    new Sphere(new Vector(0, -100, 5), 99, 0.4, 0.2),
    ...[-2, 0, 2].map((x, i) => new Sphere(new Vector(x, 0, 5 + i), 1, 0.5 + 0.2 * i, 0.4)),
  ],
  new Vector(-5, 8, -3),
);

exports.work = () => {
  const eye = new Vector(0, 0.5, -2);
  let sum = 0;
  for (let y = 0; y < 36; y++) {
    for (let x = 0; x < 48; x++) {
      const direction = new Vector((x - 24) / 24, (18 - y) / 24, 1.5).unit();
      sum += scene.brightness(eye, direction, 3);
    }
  }
  return Math.round(sum * 1e6);
};
