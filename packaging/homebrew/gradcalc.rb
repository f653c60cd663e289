class Gradcalc < Formula
  desc "Derivative calculator: gradient and Hessian of a formula, every digit checked"
  homepage "https://pypi.org/project/gradcalc/"
  url "https://pypi.org/packages/source/g/gradcalc/gradcalc-0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "MIT"

  depends_on "python@3.13"

  def install
    system "python3.13", "-m", "venv", libexec
    system libexec/"bin/pip", "install", "#{buildpath}[all]"
    bin.install_symlink libexec/"bin/gradcalc"
    man1.install_symlink Dir[libexec/"share/man/man1/*.1"]
    generate_completions_from_executable(bin/"gradcalc", "completion")
  end

  test do
    assert_match "32", shell_output("#{bin}/gradcalc grad 'x**4 + y**2 + 1' --at x=2,y=3")
  end
end
